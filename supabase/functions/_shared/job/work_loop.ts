import type { BodySchema } from "./define_job.ts";
import { delay } from "./retry.ts";
import type { Job } from "./runtime_api.ts";
import type { TimeBudget } from "./time_budget.ts";
import { type AttemptDone, runAttempt, type Worker } from "./worker.ts";

const LINGER_PAUSE_MS = 100;

/** Runs a job, then the ones that are handed over, then waits for more if told to linger. */
export async function workLoop<S extends BodySchema>(
  worker: Worker<S>,
  first: Job,
  budget: TimeBudget,
): Promise<void> {
  let job: Job | null = first;
  while (job) {
    if (worker.stopping || Date.now() >= budget.deadline) {
      await worker.api.release(job, 0, { until: budget.reportsUntil });
      return;
    }
    const done: AttemptDone = await runAttempt(worker, job, budget);
    job = done.next ?? await lookForMore(worker, job, budget, done.ending !== "finish");
  }
}

/** Asks for a job: once if nobody has asked yet, and while lingering. */
async function lookForMore<S extends BodySchema>(
  worker: Worker<S>,
  last: Job,
  budget: TimeBudget,
  askOnce: boolean,
): Promise<Job | null> {
  const name = worker.served.name;
  const takes = () => !worker.stopping && Date.now() < budget.takesUntil;
  const ask = async (lingerSeconds: number) => {
    // A job that an answer lost handed out is waited for as long as its lease runs.
    const until = Math.min(Date.now() + last.lease_seconds * 1000, budget.deadline);
    try {
      return (await worker.api.next(name, lingerSeconds, { until })).next;
    } catch (error) {
      console.warn(`${name}: no answer when asking for more work: ${(error as Error).message}`);
      return null;
    }
  };

  if (!takes()) return null;
  const lingers = last.linger_seconds > 0 && !worker.lingering;
  if (!lingers) return askOnce ? await ask(0) : null;

  worker.lingering = true;
  try {
    const until = Math.min(Date.now() + last.linger_seconds * 1000, budget.takesUntil);
    while (takes() && Date.now() < until) {
      const asked = Date.now();
      const next = await ask((until - asked) / 1000);
      if (next) return next;
      // An ask that takes long costs the database much: it is busy for a fifth of the time at most.
      const pause = Math.max(LINGER_PAUSE_MS, 4 * (Date.now() - asked));
      await delay(Math.min(pause, Math.max(0, until - Date.now())));
    }
    return worker.stopping || Date.now() >= budget.deadline ? null : await ask(0);
  } finally {
    worker.lingering = false;
  }
}
