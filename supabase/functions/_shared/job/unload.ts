import type { Attempt } from "./attempt.ts";
import { JobStoppedError } from "./errors.ts";

/** Limits of the platform that a job itself can hit: such an end counts as a failed try. */
const LIMITS: Record<string, string> = {
  wall_clock: "the wall clock limit",
  cpu: "the CPU time limit",
  memory: "the memory limit",
};

/**
 * Ends what is going on when the platform is about to end the isolate. An attempt that saved a
 * step is continued elsewhere; one that hit a limit without getting anywhere has failed, or a job
 * that always hits it would run for ever.
 */
export function endAttempts(live: Iterable<Attempt>, reason: string): void {
  const limit = LIMITS[reason];
  for (const attempt of live) {
    const message = `the platform stopped the function: ${limit ?? reason}`;
    if (limit && attempt.stepsSaved === 0) {
      attempt.end({ kind: "finish", outcome: "failed", error: message });
    } else {
      attempt.end({ kind: "release", afterSeconds: 0 });
    }
    attempt.stop(new JobStoppedError("unload", message));
  }
}

/** The reason in a `beforeunload` event of the Edge Runtime. */
export function unloadReason(event: Event): string {
  const detail: unknown = (event as CustomEvent).detail;
  if (typeof detail === "string") return detail;
  const reason = (detail as { reason?: unknown } | null | undefined)?.reason;
  return typeof reason === "string" ? reason : "termination";
}
