// Jobs of 10 ms of many users, through functions.
import { postgresSettings } from "./support/database.ts";
import type { BenchOptions } from "./support/options.ts";
import type { Result } from "./support/report.ts";
import { configure, queueMany, startBenchStack, untilDone, warmUp } from "./support/stack.ts";

const NAME = "bench-sleep";
const USERS = 20;
const MILLISECONDS = 10;

/** Throughput: 20 users with 500 jobs of 10 ms each, limit 1, as a share of what the limits allow. */
export async function throughput(options: BenchOptions): Promise<Result> {
  const jobs = options.jobs ?? USERS * 500;
  const stack = await startBenchStack(USERS);
  try {
    await warmUp(stack, NAME);
    await configure(stack.sql, NAME);
    const before = await stack.cpuSeconds();
    const start = performance.now();
    await queueMany(stack.sql, {
      name: NAME,
      users: stack.users,
      jobs,
      body: { milliseconds: MILLISECONDS },
    });
    const queued = (performance.now() - start) / 1000;
    await untilDone(stack.sql, NAME, 600);
    const seconds = (performance.now() - start) / 1000;
    const after = await stack.cpuSeconds();
    const ideal = USERS / (MILLISECONDS / 1000);
    const cpu = Object.keys(after).map((part) => ({
      what: `processor time: ${part}`,
      value: (after[part]! - before[part]!) / jobs * 1000,
      unit: "ms/job",
    }));
    return {
      bench: "throughput",
      configuration: {
        jobs: `${jobs} of ${MILLISECONDS} ms, ${USERS} users, limit 1`,
        ...await postgresSettings(stack.sql),
      },
      rows: [
        { what: "queueing", value: queued, unit: "s" },
        { what: "all completed, queueing included", value: seconds, unit: "s" },
        { what: "rate", value: jobs / seconds, unit: "jobs/s" },
        { what: `share of ${ideal} jobs/s`, value: jobs / seconds / ideal * 100, unit: "%" },
        ...cpu,
      ],
      notes: ["The processor time per job, over the machine's cores, is where the rest goes."],
    };
  } finally {
    await stack.stop();
  }
}
