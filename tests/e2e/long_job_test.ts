// Jobs that outlive their function's process, on a stack of their own with short limits.
import assert from "node:assert/strict";
import { join } from "node:path";
import { userId, withStack } from "./support/own_stack.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Seconds. The three minutes of a real job: LONG=180 WALL=30 npm test -- e2e long_job. */
const long = Number(Deno.env.get("LONG") ?? 24);
const wall = Number(Deno.env.get("WALL") ?? 4);
const steps = long * 2;

Deno.test({
  name: `a job of ${long} s under a wall clock of ${wall} s completes, each of its steps run once`,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withStack({
      functionsDir: join(import.meta.dirname!, "functions"),
      limits: { wallClock: wall },
      secrets: { JOB_WALL_CLOCK_SECONDS: String(wall) },
    }, async (_stack, sql) => {
      await sql`create table public.step_run (number integer)`;
      await sql`grant insert on public.step_run to authenticated`;
      await sql`notify pgrst, 'reload schema'`;
      const body = { steps, stepSeconds: 0.5 };
      const startedAt = Date.now();
      const [job] = await sql`
        select private.queue_job_for_user(${userId}, 'long-job', ${sql.json(body)}) as id`;
      const view = async () =>
        (await sql`select state, attempt, retries, last_error, result, progress from public.job
          where id = ${job!.id}`)[0]!;
      const until = startedAt + 60_000 + long * 4_000;
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
      assert.ok(done.attempt >= long / wall, `${done.attempt} attempts`);
      const runs =
        await sql`select number, count(*)::int from public.step_run group by 1 order by 1`;
      console.table([{
        "wall clock s": wall,
        "steps": runs.length,
        "step runs": runs.reduce((sum, run) => sum + run.count, 0),
        "attempts": done.attempt,
        "tries spent": done.retries,
        "seconds in all": Math.round((Date.now() - startedAt) / 1000),
      }]);
      assert.deepEqual(
        runs.map((run) => [run.number, run.count]),
        Array.from({ length: steps }, (_, index) => [index + 1, 1]),
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
