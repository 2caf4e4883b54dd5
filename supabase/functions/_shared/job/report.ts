import type { Ending } from "./attempt.ts";
import type { LogBuffer } from "./log_buffer.ts";
import type { Redact } from "./redact.ts";
import { type Job, type RuntimeApi, RuntimeApiError } from "./runtime_api.ts";
import type { TimeBudget } from "./time_budget.ts";

export interface ReportOptions {
  worker: { api: RuntimeApi; stopping: boolean };
  job: Job;
  ending: Ending;
  logs: LogBuffer;
  budget: TimeBudget;
  redact: Redact;
}

/**
 * Reports an ending to the database, for as long as the isolate may live. What cannot be reported
 * ends with the lease: the engine tries the job again.
 */
export async function report(options: ReportOptions): Promise<Job | null> {
  const { job, ending, redact } = options;
  try {
    return await send(options);
  } catch (error) {
    console.error(redact(`job ${job.id}: its ${ending.kind} could not be reported: ${error}`));
    return null;
  }
}

async function send({ worker, job, ending, logs, budget }: ReportOptions): Promise<Job | null> {
  if (ending.kind === "stale") return null;
  const now = Date.now();
  const until = Math.max(budget.reportsUntil, now + 1_000);
  await logs.flush(now + (until - now) / 2);
  if (ending.kind === "committed") return null;
  if (ending.kind === "release") {
    await worker.api.release(job, ending.afterSeconds, until);
    return null;
  }
  const acceptNext = !worker.stopping && now < budget.takesUntil;
  try {
    return (await worker.api.finish(job, { ...ending, acceptNext }, until)).next;
  } catch (error) {
    if (!(error instanceof RuntimeApiError) || error.transient) throw error;
    const failure = `the outcome "${ending.outcome}" was refused: ${error.message}`;
    const report = { outcome: "failed", error: failure, acceptNext } as const;
    return (await worker.api.finish(job, report, until)).next;
  }
}
