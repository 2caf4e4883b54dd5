// Claim and finish without HTTP, against the two queues people would use on Postgres.
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import type postgres from "postgres";
import {
  type BenchDatabase,
  clearJobs,
  makeUsers,
  postgresSettings,
  startBenchDatabase,
} from "./support/database.ts";
import { drainBare, installBareWrites } from "./support/bare_writes.ts";
import { drain, queueWaiting } from "./support/engine.ts";
import type { BenchOptions } from "./support/options.ts";
import type { Result, Row } from "./support/report.ts";
import { median } from "./support/statistics.ts";

const SESSIONS = 8;

interface Speed {
  /** Jobs per second. */
  rate: number;
  /** Milliseconds of Postgres's processor time per job. */
  cpu: number;
}

/** Engine alone: jobs/s of this engine, graphile-worker and pg-boss in the same Postgres. */
export async function engine(options: BenchOptions): Promise<Result> {
  const runs = options.runs ?? 3;
  const jobs = options.jobs ?? 5000;
  const database = await startBenchDatabase();
  try {
    const users = await makeUsers(database.admin, 100);
    const sessions = await database.sessions(SESSIONS);
    await installBareWrites(database.admin);
    const bareSessions = await database.sessions(SESSIONS, "admin");
    const contenders: Record<string, () => Promise<Speed>> = {
      "one user, concurrency_limit 8": () =>
        ours(database, sessions, { users: users.slice(0, 1), limit: SESSIONS, jobs }),
      "100 users, concurrency_limit 1": () => ours(database, sessions, { users, limit: 1, jobs }),
      "the same rows, nothing checked": () => bare(database, bareSessions, users, jobs),
      "graphile-worker": () => peer("graphile_worker.ts", database, jobs),
      "pg-boss": () => peer("pg_boss.ts", database, jobs),
    };
    const measured: Record<string, Speed[]> = {};
    for (let run = 0; run < runs; run++) {
      for (const [name, measure] of Object.entries(contenders)) {
        (measured[name] ??= []).push(await measure());
      }
    }

    const rate = (name: string) => median(measured[name]!.map((speed) => speed.rate));
    const best = Math.max(rate("graphile-worker"), rate("pg-boss"));
    const rows: Row[] = Object.entries(measured).map(([name, speeds]) => ({
      what: name,
      value: rate(name),
      unit: "jobs/s",
      runs: speeds.map((speed) => speed.rate),
      target: name.includes("limit")
        ? { claim: "at least graphile-worker and pg-boss", met: rate(name) >= best }
        : undefined,
    }));
    for (const [name, speeds] of Object.entries(measured)) {
      const values = speeds.map((speed) => speed.cpu);
      rows.push({
        what: `${name}: Postgres's processor time`,
        value: median(values),
        unit: "ms/job",
        runs: values,
      });
    }
    return {
      bench: "engine",
      configuration: {
        jobs,
        sessions: SESSIONS,
        runs,
        "this engine": "next_job, then finish_job with _accept_next; each mints the user's token",
        "the same rows, nothing checked":
          "the writes of finish_job with a hand-over, of 100 users, without fence, limits, fairness and token",
        "graphile-worker": "0.18.0, WorkerPreset with concurrentJobs 8, an empty task",
        "pg-boss": "12.38.0, 8 loops of fetch (batch of 1) and complete",
        ...await postgresSettings(database.sql),
      },
      rows,
    };
  } finally {
    await database.stop();
  }
}

async function ours(
  database: BenchDatabase,
  sessions: postgres.Sql[],
  given: { users: string[]; limit: number; jobs: number },
): Promise<Speed> {
  await clearJobs(database.admin);
  await queueWaiting(database.admin, { name: "bench-noop", ...given });
  const cpu = await database.cpuSeconds();
  const { seconds } = await drain(sessions, "bench-noop", given.jobs);
  return { rate: given.jobs / seconds, cpu: await cpuPerJob(database, cpu, given.jobs) };
}

async function bare(
  database: BenchDatabase,
  sessions: postgres.Sql[],
  users: string[],
  jobs: number,
): Promise<Speed> {
  await clearJobs(database.admin);
  await queueWaiting(database.admin, { name: "bench-noop", users, limit: 1, jobs });
  const cpu = await database.cpuSeconds();
  const seconds = await drainBare(sessions);
  return { rate: jobs / seconds, cpu: await cpuPerJob(database, cpu, jobs) };
}

/** Runs a peer in a process of its own: it says when it is ready, is told to go, and says how long it took. */
async function peer(program: string, database: BenchDatabase, jobs: number): Promise<Speed> {
  const script = new URL(`./peers/${program}`, import.meta.url).pathname;
  const child = spawn(
    Deno.execPath(),
    ["run", "-A", script, database.url, `${jobs}`, `${SESSIONS}`],
    {
      env: { ...process.env, NO_LOG_SUCCESS: "1", DO_NOT_TRACK: "1" },
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  let cpu = 0;
  let speed: Speed | null = null;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "ready") {
      cpu = await database.cpuSeconds();
      child.stdin.write("go\n");
    }
    const found = /^milliseconds (\d+(?:\.\d+)?)$/.exec(line);
    if (found === null) continue;
    speed = {
      rate: jobs / Number(found[1]) * 1000,
      cpu: await cpuPerJob(database, cpu, jobs),
    };
    child.stdin.write("go\n");
  }
  if (speed === null) throw new Error(`${program} ended without a time, see above`);
  return speed;
}

async function cpuPerJob(database: BenchDatabase, before: number, jobs: number): Promise<number> {
  return (await database.cpuSeconds() - before) / jobs * 1000;
}
