// What a scenario is, and running one.
import { applyGuardBreak, type Guard } from "./guard.ts";
import { type Load, startLoad } from "./load.ts";
import { startSampler } from "./sampler.ts";
import { judge, type Verdict } from "./verdict.ts";
import { createWorld, patiently, until, type World } from "./world.ts";

export interface Scenario {
  name: string;
  /** How long a job of the load takes: from, to, in milliseconds. Default 20 to 200. */
  milliseconds?: [number, number];
  /** Ends that are right for the jobs of the load. Default: completed only. */
  expect?: string[];
  /** The longest delay of the untouched lane that is not a fault, in seconds. Default 60. */
  untouchedWithin?: number;
  /** Lets something fail and, before it resolves, makes it whole again. */
  fault(world: World, load: Load): Promise<void>;
  /** What else must hold, once everything has ended: each text is a fault. */
  check?(world: World): Promise<string[]>;
  /** The guard this scenario is there for: `--break` takes it away and expects to see it. */
  guard?: Guard;
}

export interface RunOptions {
  seed: number;
  jobs: number;
  /** Take the scenario's guard away first. */
  broken?: boolean;
  log?: (line: string) => void;
}

export interface ScenarioResult extends Verdict {
  scenario: string;
  seed: number;
  /** Lanes and names above their limit, and jobs started where none may start. */
  exceeded: number;
  /** The untouched lane waited longer than it may: 1 or 0. */
  delayed: number;
  /** Seconds from the end of the fault until no attempt of the time before is live. */
  recovered: number;
  seconds: number;
}

/** Lease, answer time-out, the tick that ends what is silent, and patience with a busy machine. */
const RECOVERY_SECONDS = 75;
const DRAIN_SECONDS = 240;
const BROKEN_DRAIN_SECONDS = 75;

/** Runs a scenario on a stack of its own. */
export async function runScenario(
  scenario: Scenario,
  options: RunOptions,
): Promise<ScenarioResult> {
  const started = Date.now();
  const log = options.log ?? (() => {});
  const world = await createWorld(options.seed);
  try {
    if (options.broken) await applyGuardBreak(world.sql, scenario.guard!);
    const sampler = startSampler(world);
    const load = startLoad(world, {
      jobs: options.jobs,
      milliseconds: scenario.milliseconds ?? [20, 200],
      expect: scenario.expect ?? ["completed"],
    });
    await until(() => endedShare(world, options.jobs, 0.05 + world.random() * 0.2), 30);
    log("the fault begins");
    await scenario.fault(world, load);
    log("the fault is over");
    const recovered = await recovery(world);
    await load.done;
    await load.stop();
    const patience = options.broken ? BROKEN_DRAIN_SECONDS : DRAIN_SECONDS;
    await until(() => allEnded(world), patience);
    await sampler.stop();
    const verdict = await judge(world, load);
    const more = await scenario.check?.(world) ?? [];
    const within = scenario.untouchedWithin ?? 60;
    const exceeded = [...sampler.exceeded].map(([place, running]) => `${running} run: ${place}`);
    return {
      ...verdict,
      scenario: scenario.name,
      seed: options.seed,
      stuck: verdict.stuck + (recovered > RECOVERY_SECONDS ? 1 : 0),
      exceeded: exceeded.length + more.length,
      delayed: verdict.longestDelay > within ? 1 : 0,
      recovered,
      seconds: (Date.now() - started) / 1000,
      faults: [...verdict.faults, ...exceeded.slice(0, 5), ...more.slice(0, 5)],
    };
  } finally {
    await world.stop();
  }
}

/** The sum of everything that must be 0. */
export function faultsOf(result: ScenarioResult): number {
  return result.lost + result.stuck + result.twice + result.exceeded + result.delayed;
}

async function endedShare(world: World, jobs: number, share: number): Promise<boolean> {
  const [row] = await world.sql`select count(*)::int as ended from public.chaos_outcome`;
  return row!.ended >= jobs * share;
}

async function allEnded(world: World): Promise<boolean> {
  const [row] = await world.sql`
    select count(*)::int as open from public.job where state in ('pending', 'running')`;
  return row!.open === 0;
}

/** Waits until no attempt that is live now is live any more; seconds. */
async function recovery(world: World): Promise<number> {
  const started = Date.now();
  const live = await patiently(() =>
    world.sql<{ token: string }[]>`
      select token from private.job_attempt where finished_at is null`
  );
  const tokens = live.map(({ token }) => token);
  await until(async () => {
    const [row] = await world.sql`select count(*)::int as live from private.job_attempt
      where finished_at is null and token = any(${tokens}::uuid[])`;
    return row!.live === 0;
  }, RECOVERY_SECONDS + 1);
  return (Date.now() - started) / 1000;
}
