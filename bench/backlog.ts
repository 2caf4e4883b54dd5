// One user's backlog of jobs that do nothing, one at a time.
import { clearJobs, makeUsers, postgresSettings, startBenchDatabase } from "./support/database.ts";
import { drain, queueWaiting } from "./support/engine.ts";
import type { BenchOptions } from "./support/options.ts";
import type { Result } from "./support/report.ts";
import { configure, queueMany, startBenchStack, untilDone, warmUp } from "./support/stack.ts";
import { median } from "./support/statistics.ts";

const NAME = "bench-noop";

/** Backlog: 1,000 jobs of one user, limit 1, through a SQL session and through functions and REST. */
export async function backlog(options: BenchOptions): Promise<Result> {
  const jobs = options.jobs ?? 1000;
  const runs = options.runs ?? 3;
  const throughSql: number[] = [];
  const database = await startBenchDatabase();
  try {
    const users = await makeUsers(database.admin, 1);
    const sessions = await database.sessions(1);
    for (let run = 0; run < runs; run++) {
      await clearJobs(database.admin);
      await queueWaiting(database.admin, { name: NAME, users, jobs, limit: 1 });
      throughSql.push((await drain(sessions, NAME, jobs)).seconds);
    }
  } finally {
    await database.stop();
  }

  const throughFunctions: number[] = [];
  const stack = await startBenchStack(1);
  try {
    await warmUp(stack, NAME);
    await configure(stack.sql, NAME);
    for (let run = 0; run < runs; run++) {
      await stack.admin`truncate public.job cascade`;
      const start = performance.now();
      await queueMany(stack.sql, { name: NAME, users: stack.users, jobs });
      await untilDone(stack.sql, NAME, 120);
      throughFunctions.push((performance.now() - start) / 1000);
    }
    return {
      bench: "backlog",
      configuration: { jobs, runs, users: 1, limit: 1, ...await postgresSettings(stack.sql) },
      rows: [
        {
          what: "one SQL session: next_job, then finish_job",
          value: median(throughSql),
          unit: "s",
          runs: throughSql,
          target: { claim: "at most 5 s", met: median(throughSql) <= 5 },
        },
        {
          what: "functions and REST, queueing included",
          value: median(throughFunctions),
          unit: "s",
          runs: throughFunctions,
          target: { claim: "at most 20 s", met: median(throughFunctions) <= 20 },
        },
      ],
    };
  } finally {
    await stack.stop();
  }
}
