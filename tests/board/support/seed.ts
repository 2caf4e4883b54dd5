import type postgres from "postgres";

export interface SeededJob {
  state?: "pending" | "running" | "completed" | "failed" | "canceled";
  name?: string;
  body?: unknown;
  error?: string;
  /** How long ago it was queued. */
  secondsAgo?: number;
  result?: unknown;
  progress?: unknown;
}

/**
 * Writes jobs of a user straight into the tables, each with an attempt and a log as the engine leaves
 * them. Pending ones are delayed for an hour: nothing rings them. Returns their ids.
 */
export async function seedJobs(
  sql: postgres.Sql,
  userId: string | null,
  jobs: SeededJob[],
): Promise<string[]> {
  const rows = jobs.map((job) => rowOf(userId, job));
  await sql.begin(async (sql) => {
    await sql`insert into public.job ${sql(rows as never[])}`;
    for (const row of rows) {
      await sql`insert into public.job_logs (job_id, log_message, created_at)
        values (${row.id}, 'Queued.', ${row.created_at})`;
      if (row.attempt === 0) continue;
      const outcome = row.state === "running" ? null : row.state;
      await sql`insert into private.job_attempt
          (job_id, attempt, rung_at, started_at, lease_expires_at, finished_at, outcome, status_code, error)
        values (${row.id}, 1, ${row.last_run_at}, ${row.last_run_at}, now() + interval '1 hour',
          ${row.finished_at}, ${outcome}, ${
        row.state === "failed" ? 500 : null
      }, ${row.last_error})`;
    }
  });
  return rows.map((row) => row.id);
}

function rowOf(userId: string | null, job: SeededJob) {
  const { state = "completed", name = "seeded", error, secondsAgo = 60 } = job;
  const created = new Date(Date.now() - secondsAgo * 1000);
  const ended = ["completed", "failed", "canceled"].includes(state);
  const tried = state !== "pending" && state !== "canceled";
  return {
    id: crypto.randomUUID(),
    user_id: userId,
    job_name: name,
    request_body: (job.body ?? {}) as never,
    state,
    retries: state === "failed" ? 3 : 0,
    max_retries: 3,
    created_at: created,
    last_run_at: tried ? created : null,
    next_run_at: state === "pending" ? new Date(Date.now() + 3_600_000) : null,
    locked_at: state === "running" ? created : null,
    finished_at: ended ? new Date(created.getTime() + 1500) : null,
    attempt: tried ? 1 : 0,
    last_error: error ?? (state === "failed" ? "the function answered 500" : null),
    result: (job.result ?? null) as never,
    progress: (job.progress ?? null) as never,
  };
}
