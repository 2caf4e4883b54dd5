// Whether a long job of somebody else delays the pick-up of others.
import { oneByOne } from "./pickup.ts";
import { postgresSettings } from "./support/database.ts";
import type { BenchOptions } from "./support/options.ts";
import type { Result } from "./support/report.ts";
import { queueMany, startBenchStack, untilDone, warmUp } from "./support/stack.ts";
import { percentile } from "./support/statistics.ts";

/** Slow neighbour: pick-up without and with a 60 s job running. */
export async function neighbour(options: BenchOptions): Promise<Result> {
  const jobs = options.jobs ?? 20;
  const stack = await startBenchStack(51);
  try {
    await warmUp(stack, "bench-noop");
    await warmUp(stack, "bench-sleep");
    const alone = await oneByOne(stack, jobs);
    await queueMany(stack.sql, {
      name: "bench-sleep",
      users: [stack.users[50]!],
      jobs: 1,
      body: { milliseconds: 60_000 },
    });
    const beside = await oneByOne(stack, jobs);
    const [row] = await stack.sql`select state from public.job where job_name = 'bench-sleep'`;
    if (row?.state !== "running") {
      throw new Error(
        `expected the 60 s job to run until the end, found ${row?.state}: fewer --jobs`,
      );
    }
    await untilDone(stack.sql, "bench-sleep", 90);
    const ratio = percentile(beside, 50) / percentile(alone, 50);
    return {
      bench: "neighbour",
      configuration: {
        jobs: `${jobs} without and ${jobs} with the 60 s job, one by one`,
        ...await postgresSettings(stack.sql),
      },
      rows: [
        { what: "alone: p50", value: percentile(alone, 50), unit: "ms", runs: alone },
        { what: "beside a 60 s job: p50", value: percentile(beside, 50), unit: "ms", runs: beside },
        {
          what: "beside / alone",
          value: ratio,
          unit: "x",
          target: { claim: "unchanged (at most 1.25)", met: ratio <= 1.25 },
        },
      ],
    };
  } finally {
    await stack.stop();
  }
}
