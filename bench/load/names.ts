// The kinds of jobs of the load: each shows another limit of the engine.

/** Limits of a name, as columns of job_config. */
export interface Limits {
  concurrency_limit?: number;
  global_concurrency_limit?: number;
  rate_limit?: number;
  rate_period?: string;
  linger_seconds?: number;
  backoff_seconds?: number;
  keep_completed?: string;
}

/** A kind of job, and how much of the load it is. */
export interface LoadName {
  name: string;
  /** Share of all jobs, 0 to 1. */
  share: number;
  /** Who does the work: a SQL session that acts as a function, or a real function. */
  by: "sql" | "function";
  milliseconds: number;
  limits: Limits;
  /** Sends a heartbeat with progress half-way. */
  heartbeat?: boolean;
  /** Exponent of the choice of a user: 1 is even, 3 gives few users many of the jobs. */
  skew: number;
  /** Longest delay of a job in seconds; each gets a random one up to it. */
  delaySeconds?: number;
  /** Each job fails up to this often, evenly; at three it has failed for good. */
  failures?: number;
  /** Share of the name's jobs that come in one burst. */
  burst?: number;
}

/** What sets the limits that depend on the size of the load. */
export interface LoadSize {
  seconds: number;
  jobs: number;
}

/** The names of a load; `functions` false leaves all work to SQL sessions. */
export function loadNames({ seconds, jobs }: LoadSize, functions: boolean): LoadName[] {
  const real = functions ? "function" : "sql";
  const ratePeriod = Math.min(10, seconds / 5);
  const rateShare = 0.1;
  return [
    {
      name: "load-lane",
      share: 0.3,
      by: "sql",
      milliseconds: 20,
      skew: 3,
      burst: 1 / 3,
      limits: { concurrency_limit: 1, keep_completed: `${Math.max(5, seconds / 5)} seconds` },
    },
    {
      name: "load-global",
      share: 0.15,
      by: "sql",
      milliseconds: 50,
      heartbeat: true,
      skew: 1,
      limits: { concurrency_limit: 2, global_concurrency_limit: 20 },
    },
    {
      name: "load-rate",
      share: rateShare,
      by: "sql",
      milliseconds: 5,
      skew: 1,
      limits: {
        rate_limit: Math.ceil(1.25 * rateShare * jobs / seconds * ratePeriod),
        rate_period: `${ratePeriod} seconds`,
      },
    },
    {
      name: "load-flaky",
      share: 0.15,
      by: "sql",
      milliseconds: 5,
      skew: 1,
      failures: 3,
      limits: { concurrency_limit: 2, backoff_seconds: Math.min(5, Math.ceil(seconds / 60)) },
    },
    {
      name: "load-later",
      share: 0.15,
      by: "sql",
      milliseconds: 5,
      skew: 1,
      delaySeconds: Math.min(60, seconds / 5),
      limits: {},
    },
    {
      name: "load-linger",
      share: 0.08,
      by: real,
      milliseconds: 5,
      skew: 1,
      limits: { linger_seconds: 5 },
    },
    { name: "load-free", share: 0.04, by: real, milliseconds: 5, skew: 1, limits: {} },
    { name: "load-plain", share: 0.03, by: real, milliseconds: 5, skew: 1, limits: {} },
  ];
}

/** A name's limits in words. */
export function describeName(name: LoadName): string {
  const { limits } = name;
  const words = [
    `${Math.round(name.share * 100)} %`,
    name.by === "sql" ? "SQL sessions" : "real function",
    `${name.milliseconds} ms`,
    `${limits.concurrency_limit ?? 1} a user`,
    limits.global_concurrency_limit && `${limits.global_concurrency_limit} in all`,
    limits.rate_limit && `${limits.rate_limit} starts in ${limits.rate_period}`,
    limits.linger_seconds && `lingers ${limits.linger_seconds} s`,
    name.delaySeconds && `delayed up to ${name.delaySeconds} s`,
    name.failures &&
    `fails 0 to ${name.failures} times of 3, back-off ${limits.backoff_seconds} s x 2^n`,
    name.heartbeat && "a heartbeat",
    name.skew > 1 && "few users have most of them",
    name.burst && `${Math.round(name.burst * 100)} % of them in one burst`,
    limits.keep_completed && `kept ${limits.keep_completed}`,
  ];
  return words.filter(Boolean).join(", ");
}
