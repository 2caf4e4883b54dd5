import type { Attempt, Ending } from "./attempt.ts";
import { JobBodyError } from "./define_job.ts";
import { JobStoppedError, PermanentError, RetryAfterError } from "./errors.ts";
import { boundText, toJson } from "./json.ts";
import type { JobLog } from "./log_buffer.ts";
import type { Redact } from "./redact.ts";
import { isToBlame } from "./unload.ts";

const RESULT_BYTES = 64 * 1024;
const ERROR_BYTES = 8 * 1024;

/** How an attempt ends whose handler returned. */
export function endingOfResult(attempt: Attempt, result: unknown, log: JobLog): Ending {
  if (stoppedBy(attempt) === "canceled") return { kind: "finish", outcome: "canceled" };
  const kept = toJson(result, RESULT_BYTES);
  if (kept.problem === undefined) {
    return { kind: "finish", outcome: "completed", result: kept.json };
  }
  log.warn(`the job is done, but its result was not kept: ${kept.problem}`);
  return { kind: "finish", outcome: "completed" };
}

/** How an attempt ends whose handler threw. Where an unexpected error came from goes to the log. */
export function endingOfError(
  attempt: Attempt,
  thrown: unknown,
  log: JobLog,
  redact: Redact,
): Ending {
  const error = boundText(redact(describeError(thrown)), ERROR_BYTES);
  switch (stoppedBy(attempt)) {
    case "canceled":
      return { kind: "finish", outcome: "canceled" };
    case "deadline":
      if (attempt.stepsSaved > 0) return { kind: "release", afterSeconds: 0 };
      if (!isToBlame(attempt)) return { kind: "release", afterSeconds: 0, why: error };
  }
  if (thrown instanceof PermanentError || thrown instanceof JobBodyError) {
    return { kind: "finish", outcome: "failed_permanently", error };
  }
  if (thrown instanceof RetryAfterError) {
    return { kind: "finish", outcome: "failed", error, retryAfterSeconds: thrown.seconds };
  }
  if (thrown instanceof Error && thrown.stack) log.debug(thrown.stack);
  return { kind: "finish", outcome: "failed", error };
}

/** The error and its causes in one text. */
export function describeError(thrown: unknown): string {
  const parts: string[] = [];
  let error = thrown;
  while (error !== undefined && error !== null && parts.length < 5) {
    parts.push(describeOne(error));
    error = error instanceof Error ? error.cause : undefined;
  }
  return parts.join(", caused by ") || `the handler threw ${String(thrown)}`;
}

function describeOne(error: unknown): string {
  if (error instanceof Error) {
    return ["Error", "PermanentError", "RetryAfterError", "JobBodyError", "JobStoppedError"]
        .includes(error.name)
      ? error.message || error.name
      : `${error.name}: ${error.message}`;
  }
  if (typeof error === "string") return error;
  const kept = toJson(error, ERROR_BYTES);
  return kept.problem === undefined
    ? JSON.stringify(kept.json)
    : Object.prototype.toString.call(error);
}

function stoppedBy(attempt: Attempt): JobStoppedError["why"] | undefined {
  const reason = attempt.signal.reason;
  return reason instanceof JobStoppedError ? reason.why : undefined;
}
