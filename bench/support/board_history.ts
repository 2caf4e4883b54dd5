// A long-lived project as the board meets it: many names, one user with very many jobs, a counted flow.
import type postgres from "postgres";
import { asImport, settle } from "./history.ts";

const NAMES = 20;

/**
 * Ended jobs with their attempts (2 % failed, a tenth of all of the first user, the last name rare), due,
 * delayed and running ones, and the flow counted.
 */
export async function makeBoardHistory(
  admin: postgres.Sql,
  options: { users: string[]; ended: number; due: number },
): Promise<void> {
  const { users, ended, due } = options;
  await asImport(admin, async (sql) => {
    await sql`
      with made as (
        insert into public.job (user_id, job_name, state, attempt, created_at, last_run_at, finished_at, retries,
          last_error, request_body)
        select (${users}::uuid[])[case when n % 10 = 0 then 1 else 1 + n % ${users.length} end],
          'bench-' || case when n % 100000 = 1 then ${NAMES - 1} else n % ${NAMES - 1} end,
          case when n % 50 = 0 then 'failed' else 'completed' end, 1, at, at, at + interval '1 second', n % 50 / 49,
          case when n % 50 = 0 then 'the function answered 500' end, jsonb_build_object('n', n)
        from (select n, clock_timestamp() - make_interval(secs => 1 + n * 0.5) as at
          from generate_series(1, ${ended}::integer) n) times
        returning id, created_at, finished_at
      )
      insert into private.job_attempt (job_id, attempt, request_id, rung_at, lease_expires_at, responded_at,
        started_at, finished_at, outcome)
      select id, 1, 1, created_at, finished_at, finished_at, created_at + random() * interval '1 second',
        finished_at, 'completed' from made`;
    await sql`
      insert into public.job (user_id, job_name, created_at, next_run_at)
      select (${users}::uuid[])[1 + n % ${users.length}], 'bench-' || n % ${NAMES},
        clock_timestamp() - make_interval(secs => 1 + n * 0.001), case when n % 20 = 0 then clock_timestamp() + interval '1 day' end
      from generate_series(1, ${due}::integer) n`;
    await sql`
      insert into public.job (user_id, job_name, state, locked_at, attempt)
      select (${users}::uuid[])[1 + n], 'bench-' || n % ${NAMES}, 'running', clock_timestamp(), 1
      from generate_series(1, 200) n`;
  });
  await settle(admin);
  await admin`select private.recount_jobs()`;
  await admin.unsafe("vacuum (analyze) private.job_flow, private.job_pick_up");
}
