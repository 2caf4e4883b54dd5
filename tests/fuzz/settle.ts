// What must come true once a batch is over: every job ends, and a lonely job has its turn.
import type postgres from "postgres";
import { USERS } from "./known.ts";

/** As pg_net, with functions that do their work at once. Returns how many rings there were. */
async function answerRings(sql: postgres.Sql): Promise<number> {
  const [row] = await sql`
    with ring as (
      delete from net.http_request_queue where url not like '%/foreign'
      returning id, headers ->> 'X-Correlation-ID' as job_id
    ), answered as (
      insert into net._http_response (id, status_code, headers, timed_out, created)
      select id, 204, jsonb_build_object('x-job', 'true', 'x-correlation-id', job_id), false, private.now()
      from ring returning 1)
    select count(*)::int as rings from answered`;
  return row!.rings;
}

async function pass(sql: postgres.Sql, time: string): Promise<void> {
  await sql`select set_config('private.frozen_now',
    (current_setting('private.frozen_now')::timestamptz + ${time}::interval)::text, false)`;
}

/** Lifts what may hold jobs up, lets time pass and functions answer; texts of what is still open. */
export async function drain(sql: postgres.Sql): Promise<string[]> {
  await sql`update auth.users set banned_until = null, deleted_at = null where banned_until is not null
    or deleted_at is not null`;
  await sql`delete from public.job_config where true`;
  await sql`insert into public.job_config (job_name, concurrency_limit, global_concurrency_limit)
    select distinct job_name, 50, null::integer from public.job where job_name <> 'fuzz-fair'
    union all select 'fuzz-fair', 1, 1`;
  await sql`update public.job_schedule set enabled = false where enabled`;
  for (let round = 0; round < 60; round++) {
    await pass(sql, round < 3 ? "2 hours" : "1 day");
    await sql`select private.run_jobs()`;
    await answerRings(sql);
    await sql`select private.process_jobs()`;
    await sql`select private.reset_stuck_jobs()`;
    const [row] = await sql`select count(*)::int as open from public.job
      where state = 'running' or state = 'pending' and coalesce(next_run_at, '-infinity')
        < private.now() + interval '366 days'`;
    if (row!.open === 0) return [];
  }
  const stuck = await sql<{ text: string }[]>`
    select format('after 57 days job %s (%s) is %s: %s', id, job_name, state, public.explain_job(id)) as text
    from public.job where state = 'running' or state = 'pending' and coalesce(next_run_at, '-infinity')
      < private.now() + interval '300 days' limit 5`;
  return stuck.map(({ text }) => text);
}

/** One slot for all users, two of them with long backlogs: the third has hers within one round. */
export async function lonelyJobHasItsTurn(sql: postgres.Sql): Promise<string[]> {
  await sql`select private.queue_job_for_user(u.id, 'fuzz-fair') from generate_series(1, 20),
    unnest(${[USERS.ada, USERS.bob]}::uuid[]) u (id)`;
  const [job] = await sql`select private.queue_job_for_user(${USERS.carol}, 'fuzz-fair') as id`;
  for (let finished = 0; finished <= 3; finished++) {
    const [row] = await sql`select state from public.job where id = ${job!.id}`;
    if (row!.state !== "pending") {
      await sql`delete from net.http_request_queue where url not like '%/foreign'`;
      await sql`delete from public.job where job_name = 'fuzz-fair'`;
      return [];
    }
    await sql`select private.run_jobs()`;
    await answerRings(sql);
    await sql`select private.process_jobs()`;
  }
  return ["the only job of a user waits behind more than a round of two others' backlogs"];
}
