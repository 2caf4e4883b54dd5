// A database with the article's original schema and rows in every state becomes this template's.
import assert from "node:assert/strict";
import postgres from "postgres";
import { migrate } from "../support/migrate.ts";
import { startTemporaryDatabase } from "../support/temporary.ts";

const read = (path: string) => Deno.readTextFile(new URL(path, import.meta.url));

Deno.test({
  name: "the article's rows are kept: ids, states, tries, times, configuration and logs",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const database = await startTemporaryDatabase();
    const sql = postgres(database.url, { max: 1, onnotice: () => {} });
    try {
      await sql.unsafe(`create extension if not exists pg_cron with schema pg_catalog;
        create extension if not exists pg_net with schema extensions;`).simple();
      await sql.unsafe(await read("./support/article.sql")).simple();
      const user = crypto.randomUUID();
      await sql`insert into auth.users (id, email) values (${user}, 'ada@example.com')`;
      const ids = await insertJobs(sql, user);

      await sql.unsafe(await read("../../scripts/from-article/1-set-aside.sql")).simple();
      assert.equal((await sql`select from cron.job`).length, 0);
      await migrate(database.url);
      const copy = await read("../../scripts/from-article/2-copy.sql");
      await sql.unsafe(copy).simple();
      await checkJobs(sql, user, ids);

      await sql.unsafe(copy).simple();
      await checkJobs(sql, user, ids);
      await checkLife(sql, ids);
    } finally {
      await sql.end();
      await database.stop();
    }
  },
});

type Ids = Record<
  | "due"
  | "delayed"
  | "retried"
  | "running"
  | "completed"
  | "failed"
  | "canceled"
  | "greedy"
  | "odd",
  string
>;

async function insertJobs(sql: postgres.Sql, user: string): Promise<Ids> {
  const insert = async (row: Record<string, unknown>) => {
    const full = { user_id: user, job_name: "old-job", request_body: sql.json({ n: 1 }), ...row };
    const [job] = await sql`insert into public.job ${sql(full)} returning id`;
    await sql`insert into public.job_logs (job_id, log_message) values (${job!.id}, 'Job created')`;
    return job!.id as string;
  };
  await sql`insert into public.job_config values ('old-job', 4, false)`;
  return {
    due: await insert({ created_at: "2026-01-02T03:04:05Z" }),
    delayed: await insert({ next_run_at: "2099-01-01T00:00:00Z" }),
    retried: await insert({ retries: 2, next_run_at: "2099-01-01T00:00:00Z" }),
    running: await insert({ state: "running", locked_at: "2026-01-02T03:04:05Z", retries: 1 }),
    completed: await insert({ state: "completed", locked_at: "2026-01-02T03:04:05Z" }),
    failed: await insert({ state: "failed", retries: 3 }),
    canceled: await insert({ state: "canceled", next_run_at: "2099-01-01T00:00:00Z" }),
    greedy: await insert({ max_retries: 2_000_000_000, request_body: null }),
    odd: await insert({ job_name: "../../rest/v1/job" }),
  };
}

async function checkJobs(sql: postgres.Sql, user: string, ids: Ids): Promise<void> {
  const jobs = await sql`select * from public.job where user_id = ${user}`;
  const state = Object.fromEntries(
    Object.entries(ids).map(([name, id]) => [name, jobs.find((job) => job.id === id)?.state]),
  );
  assert.deepEqual(state, {
    due: "pending",
    delayed: "pending",
    retried: "pending",
    running: "running",
    completed: "completed",
    failed: "failed",
    canceled: "canceled",
    greedy: "pending",
    odd: undefined,
  });
  const job = (name: keyof Ids) => jobs.find((row) => row.id === ids[name])!;
  assert.equal(job("due").created_at.toISOString(), "2026-01-02T03:04:05.000Z");
  assert.equal(job("delayed").next_run_at.toISOString(), "2099-01-01T00:00:00.000Z");
  assert.deepEqual([job("retried").retries, job("retried").max_retries], [2, 3]);
  assert.equal(job("greedy").max_retries, 100);
  assert.deepEqual(job("due").request_body, { n: 1 });
  const [config] = await sql`select * from public.job_config where job_name = 'old-job'`;
  assert.deepEqual([config!.concurrency_limit, config!.enabled], [4, false]);
  const logs = await sql`select log_message from public.job_logs where job_id = ${ids.completed}`;
  assert.deepEqual(logs.map((row) => row.log_message), ["Job created"]);
  const left =
    await sql`select a.id from article.job a left join public.job j using (id) where j.id is null`;
  assert.deepEqual(left.map((row) => row.id), [ids.odd]);
}

/** The copied rows live on: what was running is retried, what waits runs when its name is enabled. */
async function checkLife(sql: postgres.Sql, ids: Ids): Promise<void> {
  await sql`select vault.create_secret('http://127.0.0.1:1', 'supabase_url'),
    vault.create_secret('a secret of at least thirty-two characters', 'app.jwt_secret')`;
  await sql`select private.reset_stuck_jobs()`;
  const [running] = await sql`select state, retries from public.job where id = ${ids.running}`;
  assert.deepEqual({ ...running }, { state: "pending", retries: 2 });
  await sql`update public.job_config set enabled = true where job_name = 'old-job'`;
  await sql`select private.run_jobs()`;
  const [due] = await sql`select state, attempt from public.job where id = ${ids.due}`;
  assert.deepEqual({ ...due }, { state: "running", attempt: 1 });
}
