// From the commit of queue_job to the handler's first line.
import type { BenchOptions } from "./support/options.ts";
import type { Result, Row } from "./support/report.ts";
import {
  type BenchStack,
  configure,
  queueMany,
  startBenchStack,
  untilDone,
  warmUp,
} from "./support/stack.ts";
import { percentile } from "./support/statistics.ts";
import { postgresSettings } from "./support/database.ts";

const NAME = "bench-noop";

/** Pick-up: in an idle system, and at 10 jobs a second without and with lingering. */
export async function pickup(options: BenchOptions): Promise<Result> {
  const idleJobs = options.jobs ?? 25;
  const seconds = options.seconds ?? 20;
  const stack = await startBenchStack(50);
  try {
    await warmUp(stack, NAME);
    const idle = await oneByOne(stack, idleJobs);
    await configure(stack.sql, NAME, { linger: 0 });
    const trickle = await steadily(stack, seconds);
    await configure(stack.sql, NAME, { linger: 5 });
    const lingering = await steadily(stack, seconds);
    return {
      bench: "pickup",
      configuration: {
        idle: `${idleJobs} jobs, each 1.2 to 2 s after the one before`,
        steady: `10 jobs a second of 50 users for ${seconds} s, beginning idle`,
        "measured from": "job.created_at (just before the commit) to the handler's first line",
        ...await postgresSettings(stack.sql),
      },
      rows: [
        ...figures("idle", idle, 60, 300),
        ...figures("10 jobs/s", trickle, 600, 1300),
        ...figures("10 jobs/s, linger_seconds 5", lingering, 100, 500),
      ],
    };
  } finally {
    await stack.stop();
  }
}

/** Milliseconds of pick-up of jobs queued one by one into an idle system. */
export async function oneByOne(stack: BenchStack, jobs: number): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < jobs; n++) {
    await pause(1200 + Math.random() * 800);
    await queueMany(stack.sql, { name: NAME, users: [stack.users[n % 50]!], jobs: 1 });
    await untilDone(stack.sql, NAME, 30);
    times.push(...await collect(stack));
  }
  return times;
}

async function steadily(stack: BenchStack, seconds: number): Promise<number[]> {
  // pg_net's pause after the jobs before would be counted as this phase's.
  await pause(2500);
  const start = performance.now();
  for (let n = 0; n < seconds * 10; n++) {
    await pause(start + n * 100 - performance.now());
    await queueMany(stack.sql, { name: NAME, users: [stack.users[n % 50]!], jobs: 1 });
  }
  await untilDone(stack.sql, NAME, 60);
  return await collect(stack);
}

/** Pick-up times of the jobs that are done; forgets them. */
async function collect(stack: BenchStack): Promise<number[]> {
  const rows = await stack.sql`
    with done as (delete from public.job where job_name = ${NAME} and state = 'completed' returning *)
    select (result)::float8 - extract(epoch from created_at)::float8 * 1000 as milliseconds from done`;
  return rows.map((row) => row.milliseconds);
}

function figures(what: string, times: number[], p50: number, p99: number): Row[] {
  return ([[50, p50], [99, p99]] as const).map(([p, limit]) => ({
    what: `${what}: p${p} of ${times.length}`,
    value: percentile(times, p),
    unit: "ms",
    target: { claim: `at most ${limit} ms`, met: percentile(times, p) <= limit },
  }));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));
}
