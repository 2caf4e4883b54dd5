// The short form of `npm run bench load`, without the parts above Postgres, and what its verdict notices.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { newLedger } from "../../bench/load/ledger.ts";
import { loadNames } from "../../bench/load/names.ts";
import { drawLoad } from "../../bench/load/plots.ts";
import { runLoad } from "../../bench/load/run.ts";
import { FAULTS, judge } from "../../bench/load/verdict.ts";
import { makeUsers, startBenchDatabase } from "../../bench/support/database.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { startWorker } from "../support/worker.ts";

Deno.test({
  name: "a load of mixed lanes loses nothing, keeps all limits and is drawn",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(test) {
    const database = await startBenchDatabase();
    const net = startWorker("pg_net/worker.ts", database);
    try {
      const users = await makeUsers(database.admin, 40);
      await test.step("the verdict notices each kind of fault", async () => {
        await noticesFaults(database.sql, database.admin, users);
      });

      const size = { seconds: 2, jobs: 200, users: users.length, snapshot: 1 };
      const ticks = tickOften(database.sql);
      const run = await runLoad(
        {
          dbUrl: database.url,
          adminUrl: database.adminUrl,
          apiUrl: null,
          users,
          pids: () => ({ pg_net: net.pid }),
        },
        { ...size, seed: Date.now() % 100_000 },
      );
      await ticks.stop();
      for (const kind of FAULTS) assert.equal(run.verdict[kind], 0, run.verdict.faults.join("\n"));
      assert.equal(run.verdict.jobs, 200);
      assert.equal(run.verdict.completed + run.verdict.failed, 200);
      assert.ok(run.verdict.failed > 0, "no job failed for good, though some bodies say so");
      assert.ok(run.verdict.attempts > 200, "no job was tried again");
      assert.ok(run.held![1] - run.held![0] >= 1, "the snapshot was not held");

      const folder = await temporaryFolder();
      const data = { ...size, runs: [{ title: "short", run }] };
      for (const file of await drawLoad(data, folder)) {
        checkDrawing(file, await Deno.readTextFile(`${folder}/${file}`));
      }
      await Deno.remove(folder, { recursive: true });
    } finally {
      await net.stop();
      await database.stop();
    }
  },
});

/** What pg_cron would do, more often, so that a retry of one second does not wait for five. */
function tickOften(sql: postgres.Sql): { stop(): Promise<void> } {
  let on = true;
  const ticking = (async () => {
    while (on) {
      await sql`select private.process_jobs(), private.run_jobs()`;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  })();
  return {
    stop: () => {
      on = false;
      return ticking;
    },
  };
}

/** Judges jobs whose every row is as the ledger says, then with one thing wrong at a time. */
async function noticesFaults(
  sql: postgres.Sql,
  admin: postgres.Sql,
  users: string[],
): Promise<void> {
  const names = loadNames({ seconds: 10, jobs: 100 }, false);
  const [limited] = names.filter(({ limits }) => limits.rate_limit);
  limited!.limits = { rate_limit: 2, rate_period: "10 seconds" };
  const ledger = newLedger();
  const rows = await admin`
    insert into public.job (user_id, job_name, state, finished_at, attempt)
    select ${users[0]!}, ${limited!.name}, 'completed', now(), 1 from generate_series(1, 4)
    returning id`;
  const ids: string[] = rows.map((row) => row.id);
  for (const [n, id] of ids.entries()) {
    const work = { dueAt: 0, failures: 0, user: users[0]! };
    ledger.queued.set(id, { name: limited!.name, ...work });
    ledger.add({ job: id, attempt: 1, startedAt: n * 10, endedAt: n * 10 + 9 });
    await admin`
      insert into private.job_attempt (job_id, attempt, rung_at, lease_expires_at, finished_at, outcome)
      values (${id}, 1, '2026-01-01'::timestamptz + ${
      n * 5
    } * interval '1 s', now(), now(), 'completed')`;
  }
  const counts = async () => {
    const verdict = await judge(sql, ledger, names);
    return Object.fromEntries(FAULTS.map((kind) => [kind, verdict[kind]]).filter(([, n]) => n));
  };
  assert.deepEqual(await counts(), {});

  const [first, second, third, fourth] = ids as [string, string, string, string];
  ledger.queued.get(first)!.failures = 1;
  assert.deepEqual(await counts(), { wrong: 1 }, "completed at the first try, expected the second");
  ledger.queued.get(first)!.failures = 0;

  ledger.runs[1]!.startedAt = ledger.runs[0]!.endedAt - 1;
  assert.deepEqual(await counts(), { limitsExceeded: 1 }, "two at once in a lane of one");
  ledger.runs[1]!.startedAt = 10;

  await admin`update private.job_attempt set rung_at = rung_at - interval '1 ms' where job_id = ${third}`;
  assert.deepEqual(await counts(), { limitsExceeded: 1 }, "the third start came 1 ms too early");
  await admin`update private.job_attempt set rung_at = rung_at + interval '1 ms' where job_id = ${third}`;

  ledger.runs.push({ ...ledger.runs[3]!, startedAt: 100, endedAt: 101 });
  assert.deepEqual(await counts(), { twice: 1 }, "an attempt's work was done again");
  ledger.runs.pop();

  await admin`update public.job set state = 'pending', finished_at = null, next_run_at = 'tomorrow'
    where id = ${fourth}`;
  assert.deepEqual(await counts(), { stuck: 1 });
  await admin`delete from public.job where id = any (${[second, fourth]})`;
  assert.deepEqual(await counts(), { lost: 2 });
  await admin`delete from public.job where user_id = ${users[0]!}`;
}

/** An SVG that a browser can draw: each panel has its axes' words and at least one line with a length. */
function checkDrawing(file: string, svg: string): void {
  assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 \d+ \d+"/, file);
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/, file);
  assert.match(svg, /200 jobs of 40 users/, `${file} does not say what was measured`);
  assert.match(svg, />seconds</, `${file} has no name on its axis`);
  assert.match(svg, />snapshot open</, `${file} does not show the snapshot`);
  assert.match(
    svg,
    /<path class="line" stroke="#\w+" d="M[\d.]+ [\d.]+L[\d.]+ [\d.]+/,
    `${file} is empty`,
  );
}
