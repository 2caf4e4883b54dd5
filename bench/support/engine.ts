// Running the engine's own functions through SQL sessions, without HTTP.
import type postgres from "postgres";

/** A job as the runtime functions hand it over. */
interface ClaimedJob {
  id: string;
  token: string;
}

/** Queues jobs of a disabled name, so that none is rung, then enables it. */
export async function queueWaiting(
  admin: postgres.Sql,
  options: { name: string; users: string[]; jobs: number; limit: number },
): Promise<void> {
  const { name, users, jobs, limit } = options;
  await admin`
    insert into public.job_config (job_name, concurrency_limit, enabled) values (${name}, ${limit}, false)
    on conflict (job_name) do update set concurrency_limit = ${limit}, enabled = false`;
  await admin`
    insert into public.job (user_id, job_name)
    select (${users}::uuid[])[1 + n % ${users.length}], ${name}
    from generate_series(0, ${jobs - 1}::integer) n`;
  await admin`analyze public.job`;
  await admin`update public.job_config set enabled = true where job_name = ${name}`;
}

/** What draining a queue took. */
export interface Drained {
  jobs: number;
  seconds: number;
  /** Times a session was told that nothing waits while jobs were left. */
  empty: number;
}

/**
 * Completes `jobs` waiting jobs of a name: each session claims its first job with next_job, then every
 * finish_job hands it the next one.
 */
export async function drain(
  sessions: postgres.Sql[],
  name: string,
  jobs: number,
): Promise<Drained> {
  let done = 0;
  let empty = 0;
  const start = performance.now();
  await Promise.all(sessions.map(async (sql) => {
    let job: ClaimedJob | null = null;
    while (done < jobs) {
      if (job === null) {
        const [row]: postgres.Row[] = await sql`select public.next_job(${name}) as answer`;
        job = row!.answer.next;
        if (job === null) {
          empty++;
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        continue;
      }
      const [row]: postgres.Row[] = await sql`
        select public.finish_job(${job.id}, ${job.token}, 'completed', _accept_next => true) as answer`;
      if (row!.answer.status !== "ok") {
        throw new Error(`expected finish_job to answer ok, found ${JSON.stringify(row!.answer)}`);
      }
      done++;
      job = row!.answer.next;
    }
  }));
  return { jobs, seconds: (performance.now() - start) / 1000, empty };
}
