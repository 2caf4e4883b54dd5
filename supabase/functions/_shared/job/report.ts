import type { Ending } from "./attempt.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { LogBuffer } from "./log_buffer.ts";
import type { Redact } from "./redact.ts";
import type { Patience } from "./retry.ts";
import { type FinishReport, type Job, type RuntimeApi, RuntimeApiError } from "./runtime_api.ts";
import type { TimeBudget } from "./time_budget.ts";

export interface ReportOptions {
  worker: { api: RuntimeApi; stopping: boolean };
  job: Job;
  ending: Ending;
  logs: LogBuffer;
  /** It goes on while reports are tried: the lease must not run out meanwhile. */
  heartbeat: Heartbeat;
  budget: TimeBudget;
  redact: Redact;
}

/** An isolate that lives beyond its budget has at least this long for a report. */
const LEAST_PATIENCE_MS = 10_000;

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

async function send(options: ReportOptions): Promise<Job | null> {
  const { worker, job, ending, logs, heartbeat, budget } = options;
  if (ending.kind === "stale") return null;
  const now = Date.now();
  const until = Math.max(budget.reportsUntil, now + LEAST_PATIENCE_MS);
  const patience: Patience = { until, leaseUntil: heartbeat.leaseUntil };
  await logs.flush(now + (until - now) / 2);
  if (ending.kind === "committed") return null;
  if (ending.kind === "release") {
    await worker.api.release(job, ending.afterSeconds, patience);
    return null;
  }
  const acceptNext = !worker.stopping && now < budget.takesUntil;
  const finish = async (outcome: Omit<FinishReport, "acceptNext">) =>
    (await worker.api.finish(job, { ...outcome, acceptNext }, patience)).next;
  try {
    return await finish(ending);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (ending.outcome !== "completed") {
      return await finish({ outcome: "failed", error: `${ending.outcome}: ${error.message}` });
    }
    logs.log.warn(`the job is done, but its result was not kept: ${error.message}`);
    await logs.flush(until);
    return await finish({ outcome: "completed" });
  }
}

function isRefusal(error: unknown): error is RuntimeApiError {
  return error instanceof RuntimeApiError && !error.transient;
}
