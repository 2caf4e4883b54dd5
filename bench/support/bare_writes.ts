// The floor under the engine: the rows that a job leaves behind are written, and nothing is checked.
import type postgres from "postgres";

/** Makes the function that writes what finish_job with a hand-over writes, without fence, limits and token. */
export async function installBareWrites(admin: postgres.Sql): Promise<void> {
  await admin`create schema if not exists bench`;
  await admin`
    create or replace function bench.finish_and_claim(_id uuid) returns uuid
    language plpgsql volatile set plan_cache_mode = force_generic_plan set enable_seqscan = off
    as $$
    declare
      v_now timestamptz := clock_timestamp();
      v_next uuid;
    begin
      update private.job_attempt set finished_at = v_now, outcome = 'completed'
      where job_id = _id and attempt = 1;
      update public.job set state = 'completed', locked_at = null, updated_at = v_now, finished_at = v_now
      where id = _id;
      insert into public.job_logs (job_id, log_message, created_at)
      select _id, 'Attempt 1 completed.', v_now where _id is not null;
      with chosen as (
        select id from public.job
        where state = 'pending' and next_run_at is null and job_name = 'bench-noop'
        order by lane, priority desc, created_at, id limit 1 for update skip locked
      ), claimed as (
        update public.job j
        set state = 'running', attempt = 1, locked_at = v_now, last_run_at = v_now, updated_at = v_now
        from chosen c where j.id = c.id returning j.id
      )
      insert into private.job_attempt (job_id, attempt, rung_at, started_at, lease_expires_at)
      select id, 1, v_now, v_now, v_now + interval '1 minute' from claimed
      returning job_id into v_next;
      return v_next;
    end
    $$`;
}

/** Writes until nothing waits; returns the seconds it took. */
export async function drainBare(sessions: postgres.Sql[]): Promise<number> {
  const start = performance.now();
  await Promise.all(sessions.map(async (sql) => {
    let id: string | null = null;
    do {
      const [row]: postgres.Row[] = await sql`select bench.finish_and_claim(${id}::uuid) as id`;
      id = row!.id;
    } while (id !== null);
  }));
  return (performance.now() - start) / 1000;
}
