/** Thrown by a handler when trying again cannot help: the job fails for good. */
export class PermanentError extends Error {
  override name = "PermanentError";
}

/** Thrown by a handler that knows when trying again makes sense, e.g. from a Retry-After header. */
export class RetryAfterError extends Error {
  override name = "RetryAfterError";
  /** Seconds from now until the next try. */
  readonly seconds: number;

  constructor(message: string, after: number | Date, options?: ErrorOptions) {
    super(message, options);
    this.seconds = secondsUntil(after);
  }
}

/** Why a handler's `signal` was aborted; found in `signal.reason`. */
export class JobStoppedError extends Error {
  override name = "JobStoppedError";

  constructor(readonly why: "canceled" | "stale" | "deadline" | "unload", message: string) {
    super(message);
  }
}

/** Seconds until a moment given as seconds from now or as a Date; never negative. */
export function secondsUntil(after: number | Date, now = Date.now()): number {
  const seconds = after instanceof Date ? (after.getTime() - now) / 1000 : after;
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  throw new TypeError(`expected a number of seconds or a valid Date, found ${String(after)}`);
}
