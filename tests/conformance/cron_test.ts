// What pg_cron must do for this project.
import { deepStrictEqual as equal, match, ok } from "node:assert";
import { connect, createExtensions, delay, eventually, refusal, test } from "./support.ts";

interface Run {
  status: string;
  return_message: string;
  username: string;
  start_time: Date;
  end_time: Date;
}

const sql = connect();
const prefix = `conformance-${crypto.randomUUID().slice(0, 8)}`;

async function schedule(name: string, when: string, command: string): Promise<string> {
  const [{ id }] = await sql<[{ id: string }]>`
    select cron.schedule(${`${prefix}-${name}`}, ${when}, ${command}) as id`;
  return id;
}

async function finishedRuns(jobId: string, count: number): Promise<Run[]> {
  return await eventually(`${count} runs of job ${jobId}`, async () => {
    const runs = await sql<Run[]>`
      select * from cron.job_run_details
      where jobid = ${jobId} and status in ('succeeded', 'failed') order by runid`;
    return runs.length >= count && [...runs];
  }, 20_000);
}

Deno.test.beforeAll(async () => {
  await createExtensions(sql);
  await sql`create table if not exists public.cron_probe (label text, who text, at timestamptz)`;
});

Deno.test.afterAll(async () => {
  await sql`
        select cron.unschedule(jobid) from cron.job where jobname like ${prefix + "%"}`;
  await sql`drop table if exists public.cron_probe`;
  await sql.end();
});

test("cron: a job of 1 second runs again and again, as the user who made it", async () => {
  const id = await schedule(
    "probe",
    "1 seconds",
    "insert into public.cron_probe select 'probe', session_user, clock_timestamp()",
  );
  const runs = await finishedRuns(id, 2);
  equal([runs[0]?.status, runs[0]?.username], ["succeeded", "postgres"]);
  match(runs[0]!.return_message, /^(INSERT 0 1|INSERT 1|1 row)$/);
  ok(runs[0]!.end_time >= runs[0]!.start_time);
  const [probe] = await sql`select who from public.cron_probe where label = 'probe'`;
  equal(probe?.who, "postgres");
  await sql`select cron.unschedule(${id}::bigint)`;
});

test("cron: a select of one row is noted as one row", async () => {
  const id = await schedule("select", "1 second", "select 1");
  const [run] = await finishedRuns(id, 1);
  match(run!.return_message, /^(1 row|SELECT 1)$/);
  await sql`select cron.unschedule(${`${prefix}-select`})`;
});

test("cron: an unscheduled job runs no more", async () => {
  const id = await schedule("stopped", "1 seconds", "select 1");
  await finishedRuns(id, 1);
  equal([...await sql`select cron.unschedule(${`${prefix}-stopped`}) as done`], [{
    done: true,
  }]);
  await delay(1000);
  const count = async () =>
    (await sql`select count(*)::int from cron.job_run_details where jobid = ${id}`)[0]!.count;
  const before = await count();
  await delay(2500);
  equal(await count(), before);
});

test("cron: the same name changes the job and keeps its id", async () => {
  const first = await schedule("named", "0 5 * * *", "select 1");
  const second = await schedule("named", "0 6 * * *", "select 2");
  equal(second, first);
  const [job] = await sql`select schedule, command from cron.job where jobid = ${first}`;
  equal(job, { schedule: "0 6 * * *", command: "select 2" });
});

test("cron: a failed run is noted with its error, and the job goes on", async () => {
  const id = await schedule("failing", "1 seconds", "select 1/0");
  const runs = await finishedRuns(id, 2);
  equal(runs.map((run) => run.status), runs.map(() => "failed"));
  match(runs[0]!.return_message, /division by zero/);
  await sql`select cron.unschedule(${id}::bigint)`;
});

test("cron: a job never runs twice at once", async () => {
  const id = await schedule("slow", "1 seconds", "select pg_sleep(2)");
  const runs = await finishedRuns(id, 3);
  await sql`select cron.unschedule(${id}::bigint)`;
  for (const [index, run] of runs.entries()) {
    const previous = runs[index - 1];
    if (previous) ok(run.start_time >= previous.end_time, "two runs overlapped");
  }
});

test("cron: a slow job does not hold up another", async () => {
  const slow = await schedule("hog", "1 seconds", "select pg_sleep(5)");
  const quick = await schedule("quick", "1 seconds", "select 1");
  await eventually("the slow run", async () => {
    const [run] = await sql`
            select from cron.job_run_details where jobid = ${slow} and status = 'running'`;
    return run;
  });
  const before = (await finishedRuns(quick, 1)).length;
  await finishedRuns(quick, before + 2);
  const [hog] = await sql`
          select status from cron.job_run_details where jobid = ${slow} order by runid limit 1`;
  equal(hog?.status, "running");
  await sql`select cron.unschedule(jobid) from cron.job where jobid in (${slow}, ${quick})`;
});

test("cron: an inactive job does not run until it is made active", async () => {
  const id = await schedule("inactive", "1 seconds", "select 1");
  await sql`select cron.alter_job(${id}::bigint, active := false)`;
  await delay(1500);
  const before = await sql`select from cron.job_run_details where jobid = ${id}`;
  await delay(2000);
  const after = await sql`select from cron.job_run_details where jobid = ${id}`;
  equal(after.length, before.length);
  await sql`select cron.alter_job(${id}::bigint, active := true)`;
  await finishedRuns(id, before.length + 1);
  await sql`select cron.unschedule(${id}::bigint)`;
});

test("cron: a wrong schedule is refused when it is made", async () => {
  for (const wrong of ["", "often", "* * * *", "60 * * * *", "0 seconds", "60 seconds"]) {
    const code = await refusal(schedule("wrong", wrong, "select 1"));
    ok(code !== null, `"${wrong}" was taken`);
  }
  for (const right of ["59 seconds", "*/5 * * * *", "0 0 1,15 * mon-fri", "@daily"]) {
    await schedule("right", right, "select 1");
  }
});

test("cron: removing a job that is not there is an error", async () => {
  ok(await refusal(sql`select cron.unschedule('no such job')`) !== null);
});

test("cron: postgres reads cron.job but cannot write it", async () => {
  await sql`select from cron.job`;
  equal(await refusal(sql`delete from cron.job where jobname = 'x'`), "42501");
  equal(await refusal(sql`update cron.job set command = 'select 2' where false`), "42501");
});

test("cron: postgres reads and deletes run details", async () => {
  const deleted = await sql`
          delete from cron.job_run_details where runid = (
            select max(runid) from cron.job_run_details where status = 'succeeded')`;
  equal(deleted.count, 1);
});

test("cron: API roles cannot reach cron at all", async () => {
  const roles = await sql`
          select role from unnest(array['anon', 'authenticated', 'service_role']) as role
          where has_schema_privilege(role, 'cron', 'usage')`;
  equal([...roles], []);
});
