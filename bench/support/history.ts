// Many rows at once, without the engine's triggers: the state a long-lived project is in.
import type postgres from "postgres";

/** Finished jobs with their attempts, spread over the users. */
export async function makeFinished(
  admin: postgres.Sql,
  options: { name: string; users: string[]; jobs: number },
): Promise<void> {
  await asImport(
    admin,
    (sql) =>
      sql`
    with made as (
      insert into public.job (user_id, job_name, state, attempt, created_at, last_run_at, finished_at)
      select (${options.users}::uuid[])[1 + n % ${options.users.length}], ${options.name}, 'completed', 1, at, at, at
      from (select n, clock_timestamp() - make_interval(secs => 1 + n * 0.5) as at
        from generate_series(1, ${options.jobs}::integer) n) times
      returning id, finished_at
    )
    insert into private.job_attempt (job_id, attempt, request_id, rung_at, lease_expires_at, responded_at,
      started_at, finished_at, outcome)
    select id, 1, 1, finished_at, finished_at, finished_at, finished_at, finished_at, 'completed' from made`,
  );
}

/** Due jobs, spread over the users: as many lanes as users. */
export async function makeWaiting(
  admin: postgres.Sql,
  options: { name: string; users: string[]; jobs: number },
): Promise<void> {
  await asImport(
    admin,
    (sql) =>
      sql`
    insert into public.job (user_id, job_name, created_at)
    select (${options.users}::uuid[])[1 + n % ${options.users.length}], ${options.name},
      clock_timestamp() - make_interval(secs => 1 + n * 0.001)
    from generate_series(1, ${options.jobs}::integer) n`,
  );
}

/** Analyses what was imported, and cleans up, as autovacuum would have. */
export async function settle(admin: postgres.Sql): Promise<void> {
  await admin.unsafe("vacuum (analyze) public.job, private.job_attempt, auth.users");
  await admin`checkpoint`;
}

/** Inserts without triggers, in one transaction. */
export async function asImport(
  admin: postgres.Sql,
  insert: (sql: postgres.TransactionSql) => Promise<unknown>,
): Promise<void> {
  await admin.begin(async (sql) => {
    await sql`set local session_replication_role = replica`;
    await insert(sql);
  });
}
