// What the bench itself saw: which jobs it queued, and which attempts did their work from when to when.

/** A job that was acknowledged. */
export interface Queued {
  name: string;
  user: string;
  /** When it may run: when it was sent, or its run_at (ms since 1970). */
  dueAt: number;
  /** How often its work fails before it succeeds; as many as its tries: it fails for good. */
  failures: number;
}

/** One attempt's work. */
export interface Run {
  job: string;
  attempt: number;
  startedAt: number;
  endedAt: number;
}

export interface Ledger {
  queued: Map<string, Queued>;
  runs: Run[];
  /** Jobs whose end the engine has confirmed to the SQL session that did the work, by state. */
  confirmed: Map<string, string>;
  /** Errors of the bench's own calls: the first few. */
  errors: string[];
  /** Pick-up times of first attempts since they were last taken, by name. */
  pickups: Map<string, number[]>;
  add(run: Run): void;
}

/** Tries that a job of the load has. */
export const TRIES = 3;

export const now = () => performance.timeOrigin + performance.now();

export function newLedger(): Ledger {
  const queued = new Map<string, Queued>();
  const pickups = new Map<string, number[]>();
  const runs: Run[] = [];
  return {
    queued,
    runs,
    confirmed: new Map(),
    errors: [],
    pickups,
    add(run) {
      runs.push(run);
      const job = queued.get(run.job);
      if (run.attempt !== 1 || !job) return;
      const times = pickups.get(job.name) ?? [];
      times.push(Math.max(0, run.startedAt - job.dueAt));
      pickups.set(job.name, times);
    },
  };
}

/** Pick-up times of first attempts by name, in ms, over the whole run. */
export function pickupTimes(ledger: Ledger): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const run of ledger.runs) {
    const job = ledger.queued.get(run.job);
    if (run.attempt !== 1 || !job) continue;
    const known = times.get(job.name) ?? [];
    known.push(Math.max(0, run.startedAt - job.dueAt));
    times.set(job.name, known);
  }
  return times;
}
