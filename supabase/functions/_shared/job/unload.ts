import type { Attempt } from "./attempt.ts";
import { JobStoppedError } from "./errors.ts";

/** Limits of the platform that a job itself can hit: such an end counts as a failed try. */
const LIMITS: Record<string, string> = {
  wall_clock: "the wall clock limit",
  cpu: "the CPU time limit",
  memory: "the memory limit",
};

/** How often a job is given back that shared an isolate which reached a limit. */
const SHARED_LIMIT_RELEASES = 3;

/**
 * Ends what is going on when the platform is about to end the isolate. An attempt that saved a
 * step is continued elsewhere. One that hit a limit without getting anywhere has failed, or a job
 * that always hits it would run for ever; unless jobs before it may have used the limit up: then it
 * is given back for a try in a fresh isolate, a few times.
 */
export function endAttempts(live: Iterable<Attempt>, reason: string): void {
  const limit = LIMITS[reason];
  for (const attempt of live) {
    const why = `the platform stopped the function: ${limit ?? reason}`;
    if (limit) endAtLimit(attempt, why);
    else attempt.end({ kind: "release", afterSeconds: 0, why });
    attempt.stop(new JobStoppedError("unload", why));
  }
}

/** Ends an attempt that met a limit: it continues elsewhere, or that try has failed. */
export function endAtLimit(attempt: Attempt, why: string): void {
  if (attempt.stepsSaved === 0 && isToBlame(attempt)) {
    attempt.end({ kind: "finish", outcome: "failed", error: why });
  } else {
    attempt.end({ kind: "release", afterSeconds: 0, why });
  }
}

/** Whether the limit its isolate reached is this attempt's own doing. */
export function isToBlame({ isFirst, job }: Attempt): boolean {
  const releases = job.attempt - 1 - job.retries;
  return isFirst || releases >= SHARED_LIMIT_RELEASES;
}

/** The reason in a `beforeunload` event of the Edge Runtime. */
export function unloadReason(event: Event): string {
  const detail: unknown = (event as CustomEvent).detail;
  if (typeof detail === "string") return detail;
  const reason = (detail as { reason?: unknown } | null | undefined)?.reason;
  return typeof reason === "string" ? reason : "termination";
}
