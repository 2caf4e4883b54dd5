import { type Attempt, createAttempt, type Ending } from "./attempt.ts";
import { type ContextParts, createContext, type JobContext } from "./context.ts";
import { type BodyOutput, type BodySchema, type JobDefinition, parseBody } from "./define_job.ts";
import type { Environment } from "./environment.ts";
import { JobStoppedError, PermanentError } from "./errors.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { createLogBuffer } from "./log_buffer.ts";
import { endingOfError, endingOfResult } from "./outcome.ts";
import { createRedact } from "./redact.ts";
import { report } from "./report.ts";
import type { Job, RuntimeApi } from "./runtime_api.ts";
import type { TimeBudget } from "./time_budget.ts";
import { endAtLimit } from "./unload.ts";

/** A kind of job with the code that does it. */
export interface ServedJob<S extends BodySchema> extends JobDefinition<S> {
  /** Does the work. What it returns is the job's result, what it throws its failure. */
  run(context: JobContext<BodyOutput<S>>): unknown;
  /** Gives `admin`, the service-role client, to jobs with a user as well. Default false. */
  admin?: boolean;
}

/** What all attempts in one isolate share. */
export interface Worker<S extends BodySchema = BodySchema> {
  served: ServedJob<S>;
  environment: Environment;
  api: RuntimeApi;
  startedAt: number;
  /** How many attempts it has begun. */
  jobsRun: number;
  /** The attempts that are going on. */
  live: Set<Attempt>;
  /** Whether an attempt's work loop is waiting for more work already. */
  lingering: boolean;
  /** Set once the platform has said that the isolate will end. */
  stopping: boolean;
}

export interface AttemptDone {
  /** The job that was handed over with the report. */
  next: Job | null;
  ending: Ending["kind"];
}

/** How long a handler that was asked to cancel may take to stop. */
const CANCEL_GRACE_MS = 5_000;

/** Why an attempt ends whose handler is still at work when the isolate's time is over. */
const DEAF = "the handler did not stop when the time of this isolate was over: " +
  "it must heed its signal, or be cut into steps";

/** Runs one attempt from start to report. */
export async function runAttempt<S extends BodySchema>(
  worker: Worker<S>,
  job: Job,
  budget: TimeBudget,
): Promise<AttemptDone> {
  const { api, environment } = worker;
  const attempt = createAttempt(job, worker.jobsRun++ === 0);
  const redact = createRedact([environment.serviceKey, job.token, job.authorization.slice(7)]);
  const lose = (message: string) => {
    if (!attempt.committing) attempt.lose(message);
  };
  const logs = createLogBuffer(async (lines, until) => {
    const { status } = await api.log(job, lines, { until, leaseUntil: heartbeat.leaseUntil });
    if (status === "stale" && !attempt.isOver()) lose("the attempt was taken away");
  }, redact);
  const heartbeat = startHeartbeat({
    leaseSeconds: job.lease_seconds,
    send: (progress, leaseUntil) => api.heartbeat(job, progress, { until: 0, leaseUntil }),
    onCanceled: () => cancel(attempt),
    onStale: lose,
  });
  const deadline = setTimeout(
    () => attempt.stop(new JobStoppedError("deadline", "the time of this isolate is over")),
    Math.max(0, budget.deadline - Date.now()),
  );
  const overtime = setTimeout(
    () => endAtLimit(attempt, DEAF),
    Math.max(0, budget.reportsUntil - Date.now()),
  );

  worker.live.add(attempt);
  const parts = { attempt, api, environment, budget, logs, heartbeat };
  run(worker.served, { ...parts, admin: worker.served.admin ?? false }).then(
    (result) => attempt.end(endingOfResult(attempt, result, logs.log)),
    (error) => attempt.end(endingOfError(attempt, error, logs.log, redact)),
  );
  try {
    const ending = await attempt.ended;
    clearTimeout(deadline);
    clearTimeout(overtime);
    if (ending.kind === "release") {
      if (ending.why) logs.log.warn(ending.why);
      await heartbeat.flush();
    }
    const next = await report({ worker, job, ending, logs, heartbeat, budget, redact });
    return { next, ending: ending.kind };
  } finally {
    heartbeat.stop();
    logs.close();
    worker.live.delete(attempt);
  }
}

async function run<S extends BodySchema>(served: ServedJob<S>, parts: ContextParts) {
  const { job } = parts.attempt;
  if (job.job_name !== served.name) {
    throw new PermanentError(
      `the function that was called serves "${served.name}", the job is "${job.job_name}": ` +
        `a job's name must be the name of its function and of the function's folder`,
    );
  }
  const body = await parseBody(served, job.request_body);
  return await served.run(createContext(body, parts));
}

function cancel(attempt: Attempt) {
  if (attempt.signal.aborted) return;
  attempt.stop(new JobStoppedError("canceled", "the job was canceled"));
  const grace = setTimeout(
    () => attempt.end({ kind: "finish", outcome: "canceled" }),
    CANCEL_GRACE_MS,
  );
  attempt.ended.then(() => clearTimeout(grace));
}
