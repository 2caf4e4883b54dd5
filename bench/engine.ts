// Claim and finish without HTTP, against the two queues people would use on Postgres.
import type postgres from "postgres";
import { clearJobs, makeUsers, postgresSettings, startBenchDatabase } from "./support/database.ts";
import { drain, queueWaiting } from "./support/engine.ts";
import type { BenchOptions } from "./support/options.ts";
import type { Result, Row } from "./support/report.ts";
import { median } from "./support/statistics.ts";

const SESSIONS = 8;

/** Engine alone: jobs/s of this engine, graphile-worker and pg-boss in the same Postgres. */
export async function engine(options: BenchOptions): Promise<Result> {
  const runs = options.runs ?? 3;
  const jobs = options.jobs ?? 5000;
  const database = await startBenchDatabase();
  try {
    const users = await makeUsers(database.admin, 100);
    const sessions = await database.sessions(SESSIONS);
    const contenders: Record<string, () => Promise<number>> = {
      "one user, concurrency_limit 8": () =>
        ours(database.admin, sessions, { users: users.slice(0, 1), limit: SESSIONS, jobs }),
      "100 users, concurrency_limit 1": () =>
        ours(database.admin, sessions, { users, limit: 1, jobs }),
      "graphile-worker": () => peer("graphile_worker.ts", database.url, jobs),
      "pg-boss": () => peer("pg_boss.ts", database.url, jobs),
    };
    const measured: Record<string, number[]> = {};
    for (let run = 0; run < runs; run++) {
      for (const [name, measure] of Object.entries(contenders)) {
        (measured[name] ??= []).push(await measure());
      }
    }

    const medians = Object.fromEntries(
      Object.entries(measured).map(([name, values]) => [name, median(values)]),
    );
    const best = Math.max(medians["graphile-worker"]!, medians["pg-boss"]!);
    const rows: Row[] = Object.entries(measured).map(([name, values]) => ({
      what: name,
      value: medians[name]!,
      unit: "jobs/s",
      runs: values,
      target: name.includes("limit")
        ? { claim: "at least graphile-worker and pg-boss", met: medians[name]! >= best }
        : undefined,
    }));
    return {
      bench: "engine",
      configuration: {
        jobs,
        sessions: SESSIONS,
        runs,
        "this engine": "next_job, then finish_job with _accept_next; each mints the user's token",
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
  admin: postgres.Sql,
  sessions: postgres.Sql[],
  given: { users: string[]; limit: number; jobs: number },
): Promise<number> {
  await clearJobs(admin);
  await queueWaiting(admin, { name: "bench-noop", ...given });
  const { seconds } = await drain(sessions, "bench-noop", given.jobs);
  return given.jobs / seconds;
}

/** Runs a peer in a process of its own; it prints the milliseconds it took. */
async function peer(program: string, url: string, jobs: number): Promise<number> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      new URL(`./peers/${program}`, import.meta.url).pathname,
      url,
      `${jobs}`,
      `${SESSIONS}`,
    ],
    env: { NO_LOG_SUCCESS: "1", DO_NOT_TRACK: "1" },
  }).output();
  const text = new TextDecoder();
  const found = /^milliseconds (\d+(\.\d+)?)$/m.exec(text.decode(stdout));
  if (code !== 0 || found === null) {
    throw new Error(
      `${program} ended with code ${code}:\n${text.decode(stdout)}${text.decode(stderr)}`,
    );
  }
  return jobs / Number(found[1]) * 1000;
}
