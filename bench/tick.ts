// What a tick costs with a long history and a long backlog, beside one with neither.
import postgres from "postgres";
import {
  type BenchDatabase,
  clearJobs,
  makeUsers,
  postgresSettings,
  startBenchDatabase,
} from "./support/database.ts";
import { makeFinished, makeWaiting, settle } from "./support/history.ts";
import type { BenchOptions } from "./support/options.ts";
import type { Result, Row } from "./support/report.ts";
import { median, milliseconds } from "./support/statistics.ts";

const NAME = "bench-noop";
const LANES = 10_000;
const FINISHED = 1_000_000;
const WAITING = 100_000;
const FEW = 1000;

/** A tick: private.run_jobs() with a large table, with a small one, and with nothing to do. */
export async function tick(options: BenchOptions): Promise<Result> {
  const runs = options.runs ?? 7;
  const database = await startBenchDatabase();
  try {
    const { admin } = database;
    const users = await makeUsers(admin, LANES);
    await clearJobs(admin);
    const empty = await measureTicks(database, runs);

    await makeWaiting(admin, { name: NAME, users: users.slice(0, FEW), jobs: FEW });
    await settle(admin);
    const small = await measureTicks(database, runs);

    await clearJobs(admin);
    await makeFinished(admin, { name: NAME, users, jobs: FINISHED });
    await settle(admin);
    const history = await measureTicks(database, runs);
    await makeWaiting(admin, { name: NAME, users, jobs: WAITING });
    await settle(admin);
    const large = await measureTicks(database, runs);
    await Deno.writeTextFile(new URL("./plans/tick.txt", import.meta.url), await plan(database));

    const ratio = median(large.times) / median(small.times);
    const rows: Row[] = [
      figure("empty table", empty),
      figure(`${FEW} waiting in ${FEW} lanes`, small),
      figure(`${FINISHED} finished, none waiting`, history),
      {
        ...figure(`${FINISHED} finished, ${WAITING} waiting in ${LANES} lanes`, large),
        target: { claim: "at most 50 ms", met: median(large.times) <= 50 },
      },
      {
        what: `large / ${FEW} waiting`,
        value: ratio,
        unit: "x",
        target: { claim: "at most 1.5", met: ratio <= 1.5 },
      },
    ];
    for (const [what, ticks] of Object.entries({ small, large })) {
      rows.push({
        what: `${what}: Postgres's processor time, mean`,
        value: ticks.cpu,
        unit: "ms",
      });
    }
    return {
      bench: "tick",
      configuration: {
        runs,
        "each tick":
          "select private.run_jobs() in a transaction that is rolled back and vacuumed away, after 2 that only warm up",
        history: "each finished job has its attempt; no log lines, which a tick does not read",
        "rung by the tick": large.rung,
        plan: "bench/plans/tick.txt",
        ...await postgresSettings(database.sql),
      },
      rows,
    };
  } finally {
    await database.stop();
  }
}

interface Ticks {
  times: number[];
  /** Milliseconds of Postgres's processor time, the mean of all runs. */
  cpu: number;
  rung: number;
}

function figure(what: string, ticks: Ticks): Row {
  return { what, value: median(ticks.times), unit: "ms", runs: ticks.times };
}

async function measureTicks(database: BenchDatabase, runs: number): Promise<Ticks> {
  const times: number[] = [];
  let rung = 0;
  let cpu = 0;
  for (let run = -2; run < runs; run++) {
    // What a rolled-back tick leaves behind is not the next one's cost.
    await database.admin.unsafe(
      "vacuum (index_cleanup on) public.job, private.job_attempt, public.job_logs",
    );
    const before = await database.cpuSeconds();
    await database.sql.begin(async (sql) => {
      const time = await milliseconds(async () => {
        const [row] = await sql`select private.run_jobs() as rung`;
        rung = row!.rung;
      });
      if (run >= 0) times.push(time);
      if (run >= 0) cpu += await database.cpuSeconds() - before;
      throw new RollBack();
    }).catch(ignoreRollBack);
  }
  return { times, rung, cpu: cpu / runs * 1000 };
}

/** The plans of every statement that a tick runs, by auto_explain; longest first in the file's end. */
async function plan(database: BenchDatabase): Promise<string> {
  const plans: string[] = [];
  const sql = postgres(database.adminUrl, {
    max: 1,
    onnotice: (notice) => plans.push(notice.message ?? ""),
  });
  try {
    await sql`load 'auto_explain'`;
    await sql`set role postgres`;
    await sql.begin(async (sql) => {
      for (let run = 0; run < 6; run++) {
        await sql.savepoint(async (sql) => {
          await sql`select private.run_jobs()`;
          throw new RollBack();
        }).catch(ignoreRollBack);
      }
      await sql.unsafe(`
        reset role;
        set local auto_explain.log_min_duration = 1; set local auto_explain.log_analyze = on;
        set local auto_explain.log_buffers = on; set local auto_explain.log_nested_statements = on;
        set local auto_explain.log_triggers = on; set local client_min_messages = log;
        set local role postgres`).simple();
      await sql`select private.run_jobs()`;
      throw new RollBack();
    }).catch(ignoreRollBack);
  } finally {
    await sql.end();
  }
  return `Statements of one private.run_jobs() that took 1 ms or more, with ${FINISHED} finished and ` +
    `${WAITING} waiting jobs in ${LANES} lanes.\nMade by: npm run bench tick\n\n` +
    plans.filter((text) => text.startsWith("duration:")).join("\n\n") + "\n";
}

class RollBack extends Error {}

function ignoreRollBack(error: unknown): void {
  if (!(error instanceof RollBack)) throw error;
}
