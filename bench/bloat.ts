// Throughput while somebody holds a snapshot open, so that vacuum can remove nothing.
import {
  type BenchDatabase,
  clearJobs,
  makeUsers,
  postgresSettings,
  startBenchDatabase,
} from "./support/database.ts";
import { drain, queueWaiting } from "./support/engine.ts";
import type { BenchOptions } from "./support/options.ts";
import type { Result } from "./support/report.ts";
import { median, milliseconds } from "./support/statistics.ts";

const SESSIONS = 8;
const BATCH = 1000;
const NAME = "bench-noop";

/** Bloat: jobs/s of 100 users with a snapshot held open, as a share of those without. */
export async function bloat(options: BenchOptions): Promise<Result> {
  const seconds = options.seconds ?? 30;
  const database = await startBenchDatabase();
  try {
    const users = await makeUsers(database.admin, 100);
    const without = await load(database, users, seconds);
    const [holder] = await database.sessions(1);
    const with_ = await holder!.begin("isolation level repeatable read", async (sql) => {
      await sql`select 1`; // takes the snapshot, and no lock on a table
      return await load(database, users, seconds);
    });
    const share = with_.rate / without.rate * 100;
    const costs = with_.cpu / without.cpu * 100;
    return {
      bench: "bloat",
      configuration: {
        seconds: `${seconds} with, ${seconds} without the snapshot`,
        load:
          `${BATCH} jobs of 100 users queued at a time, limit 1, drained by ${SESSIONS} sessions; ` +
          "finished jobs stay; queueing is not counted",
        autovacuum: "on, naptime 1 s",
        ...await postgresSettings(database.sql),
      },
      rows: [
        { what: "without", value: without.rate, unit: "jobs/s" },
        { what: "with a snapshot held", value: with_.rate, unit: "jobs/s" },
        {
          what: "kept",
          value: share,
          unit: "%",
          target: { claim: "at least 80 %", met: share >= 80 },
        },
        { what: "without: Postgres's processor time", value: without.cpu, unit: "ms/job" },
        { what: "with: Postgres's processor time", value: with_.cpu, unit: "ms/job" },
        { what: "with / without: processor time", value: costs, unit: "%" },
        { what: "last fifth of the time with / first fifth", value: with_.late * 100, unit: "%" },
        {
          what: "without: next_job where nothing waits, at the end",
          value: without.ask,
          unit: "ms",
        },
        { what: "with: next_job where nothing waits, at the end", value: with_.ask, unit: "ms" },
      ],
    };
  } finally {
    await database.stop();
  }
}

async function load(
  database: BenchDatabase,
  users: string[],
  seconds: number,
): Promise<{ rate: number; cpu: number; late: number; ask: number }> {
  const sessions = await database.sessions(SESSIONS);
  await database.admin`alter system set autovacuum_naptime = '1s'`;
  await database.admin`select pg_reload_conf()`;
  await clearJobs(database.admin);
  const rates: number[] = [];
  let [jobs, spent, cpu] = [0, 0, 0];
  while (spent < seconds) {
    await queueWaiting(database.admin, { name: NAME, users, jobs: BATCH, limit: 1 });
    const before = await database.cpuSeconds();
    const drained = await drain(sessions, NAME, BATCH);
    cpu += await database.cpuSeconds() - before;
    jobs += BATCH;
    spent += drained.seconds;
    rates.push(BATCH / drained.seconds);
  }
  const fifth = Math.max(1, Math.floor(rates.length / 5));
  const asks: number[] = [];
  for (let n = 0; n < 9; n++) {
    asks.push(await milliseconds(() => database.sql`select public.next_job(${NAME})`));
  }
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    rate: jobs / spent,
    cpu: cpu / jobs * 1000,
    late: mean(rates.slice(-fifth)) / mean(rates.slice(0, fifth)),
    ask: median(asks),
  };
}
