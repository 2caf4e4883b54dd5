// One run of a cron job, on a connection of its own, as the job's user.
import postgres from "postgres";

/** A row of cron.job. */
export interface Job {
  jobid: string;
  schedule: string;
  command: string;
  database: string;
  username: string;
}

/** Runs the job's command and writes cron.job_run_details: starting, running, succeeded or failed. */
export async function runJob(databaseUrl: string, admin: postgres.Sql, job: Job): Promise<void> {
  const [{ runid }] = await admin<[{ runid: string }]>`
    insert into cron.job_run_details (jobid, database, username, command, status)
    values (${job.jobid}, ${job.database}, ${job.username}, ${job.command}, 'starting')
    returning runid`;
  const sql = postgres(databaseUrl, {
    max: 1,
    max_lifetime: null,
    prepare: false,
    database: job.database,
    connection: { application_name: "pg_cron" },
    onnotice: () => {},
  });
  let outcome: { status: string; message: string };
  try {
    const [{ pid }] = await sql<[{ pid: number }]>`select pg_backend_pid() as pid`;
    await admin`
      update cron.job_run_details
      set status = 'running', job_pid = ${pid}, start_time = clock_timestamp()
      where runid = ${runid}`;
    await sql`set session authorization ${sql(job.username)}`;
    outcome = { status: "succeeded", message: describe(await sql.unsafe(job.command).simple()) };
  } catch (error) {
    const { severity, message } = error as { severity?: string; message?: string };
    outcome = { status: "failed", message: `${severity ?? "ERROR"}: ${message ?? error}` };
  } finally {
    await sql.end({ timeout: 1 });
  }
  await admin`
    update cron.job_run_details
    set status = ${outcome.status}, return_message = ${outcome.message},
      start_time = coalesce(start_time, clock_timestamp()), end_time = clock_timestamp()
    where runid = ${runid}`;
}

/** What pg_cron notes of the last statement: its number of rows, or its command tag. */
function describe(results: unknown): string {
  const list = results as postgres.RowList<postgres.Row[]>[] | postgres.RowList<postgres.Row[]>;
  const last = "command" in list ? list : list.at(-1);
  if (last === undefined) return "";
  if (last.columns?.length) return last.length === 1 ? "1 row" : `${last.length} rows`;
  return last.count === null || last.count === undefined
    ? String(last.command)
    : `${last.command} ${last.count}`;
}
