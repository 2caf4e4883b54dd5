// Jobs that outlive their function's process, on a stack of their own with short limits.
import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { type Stack, type StackOptions, startStack } from "../../stack/stack.ts";

const userId = "00000000-0000-4000-8000-00000000aaaa";

async function withStack(
  options: Partial<StackOptions>,
  fn: (stack: Stack, sql: postgres.Sql) => Promise<void>,
): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  await Deno.chmod(dataDir, 0o755);
  try {
    const stack = await startStack({
      dataDir,
      ports: "free",
      quiet: true,
      fsync: false,
      ...options,
    });
    const sql = postgres(stack.dbUrl, { max: 2, onnotice: () => {} });
    try {
      await sql`insert into auth.users (id, email) values (${userId}, 'long@example.com')`;
      await fn(stack, sql);
    } finally {
      await sql.end();
      await stack.stop();
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test({
  name: "a job six times as long as the wall clock completes through its steps, each run once",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withStack({
      functionsDir: join(import.meta.dirname!, "functions"),
      limits: { wallClock: 4 },
      secrets: { JOB_WALL_CLOCK_SECONDS: "4" },
    }, async (_stack, sql) => {
      await sql`create table public.step_run (number integer)`;
      await sql`grant insert on public.step_run to authenticated`;
      await sql`notify pgrst, 'reload schema'`;
      const body = { steps: 48, stepSeconds: 0.5 };
      const [job] = await sql`
        select private.queue_job_for_user(${userId}, 'long-job', ${sql.json(body)}) as id`;
      const view = async () =>
        (await sql`select state, attempt, retries, last_error, result, progress from public.job
          where id = ${job!.id}`)[0]!;
      const until = Date.now() + 150_000;
      while (["pending", "running"].includes((await view()).state)) {
        assert.ok(Date.now() < until, JSON.stringify(await view()));
        await pause(200);
      }
      const done = await view();
      assert.deepEqual(
        [done.state, done.result, done.retries],
        ["completed", "done", 0],
        done.last_error,
      );
      assert.ok(done.attempt >= 6, `${done.attempt} attempts`);
      const runs =
        await sql`select number, count(*)::int from public.step_run group by 1 order by 1`;
      assert.deepEqual(
        runs.map((run) => [run.number, run.count]),
        Array.from({ length: 48 }, (_, index) => [index + 1, 1]),
      );
    }),
});

Deno.test({
  name: "a canceled job's handler stops within one heartbeat",
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withStack({ functionsDir: join(import.meta.dirname!, "functions") }, async (_stack, sql) => {
      await sql`create table public.step_run (number integer)`;
      await sql`grant insert on public.step_run to authenticated`;
      await sql`insert into public.job_config (job_name, lease_seconds) values ('long-job', 5)`;
      const body = { steps: 1000, stepSeconds: 0.05 };
      const [job] = await sql`
        select private.queue_job_for_user(${userId}, 'long-job', ${sql.json(body)}) as id`;
      const steps = async () => (await sql`select count(*)::int from public.step_run`)[0]!.count;
      while (await steps() < 5) await pause(50);
      await sql`select public.cancel_job(${job!.id})`;
      const canceledAt = Date.now();
      const state = async () =>
        (await sql`select state from public.job where id = ${job!.id}`)[0]!.state;
      while (await state() === "running") await pause(20);
      const ms = Date.now() - canceledAt;
      assert.equal(await state(), "canceled");
      assert.ok(ms < 3_000, `it took ${ms} ms, a heartbeat comes every 1,250 ms`);
      const done = await steps();
      await pause(500);
      assert.equal(await steps(), done, "nothing is done after it");
    }),
});

/** More of them by KILLS=50 npm test -- e2e long_job. */
const kills = Number(Deno.env.get("KILLS") ?? 3);

Deno.test({
  name: `killing the function ${kills} times in mid-import loses no row and doubles none`,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withStack({}, async (stack, sql) => {
      await sql`
        insert into public.job_config (job_name, concurrency_limit, lease_seconds, backoff_seconds)
        values ('import-contacts', 5, 5, 0)
        on conflict (job_name) do update set concurrency_limit = 5, lease_seconds = 5, backoff_seconds = 0`;
      const total = 400;
      const lines = Array.from({ length: total }, (_, n) => `u${n}@example.com,Name ${n}\n`);
      const file = new TextEncoder().encode(`email,name\n${lines.join("")}`);
      const server = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen() {} },
        async (request) => {
          await pause(100);
          const [from, to] = request.headers.get("Range")!.slice(6).split("-").map(Number);
          if (from! >= file.length) return new Response(null, { status: 416 });
          return new Response(file.slice(from, to! + 1), { status: 206 });
        },
      );
      try {
        const body = { url: `http://127.0.0.1:${server.addr.port}/`, chunkBytes: 400 };
        for (let one = 0; one < 3; one++) {
          await sql`select private.queue_job_for_user(${userId}, 'import-contacts', ${
            sql.json(body)
          }, 100)`;
        }
        let killed = 0;
        const until = Date.now() + 60_000 + kills * 20_000;
        while (
          (await sql`select 1 from public.job where state in ('pending', 'running')`).length > 0
        ) {
          assert.ok(Date.now() < until, `after ${killed} kills, jobs are still not done`);
          await pause(200 + Math.random() * 800);
          const process = (await stack.functionProcesses()).find((one) => !one.retired);
          const [running] = await sql`select count(*)::int from public.job where state = 'running'`;
          if (killed < kills && process && running!.count > 0) {
            Deno.kill(process.pid, "SIGKILL");
            killed++;
          }
          await sql`select private.reset_stuck_jobs()`;
        }
        assert.equal(killed, kills);
        const [count] = await sql`
          select count(*)::int as rows, count(distinct email)::int as emails from public.contact`;
        assert.deepEqual(count, { rows: 3 * total, emails: total });
        const states = await sql`select distinct state from public.job`;
        assert.deepEqual(states.map((job) => job.state), ["completed"]);
      } finally {
        await server.shutdown();
      }
    }),
});
