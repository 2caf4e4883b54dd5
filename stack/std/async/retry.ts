import { delay } from "./delay.ts";

/** Says that each of the tries failed; `cause` is how the last one did. */
export class RetryError extends Error {
  constructor(cause: unknown, attempts: number) {
    super(`Retrying exceeded the maxAttempts (${attempts}).`, { cause });
    this.name = "RetryError";
  }
}

export interface RetryOptions {
  /** By how much a pause is longer than the one before. Default 2. */
  multiplier?: number;
  /** The longest pause in milliseconds. Default 60,000. */
  maxTimeout?: number;
  /** Tries in all. Default 5. */
  maxAttempts?: number;
  /** The first pause in milliseconds. Default 1,000. */
  minTimeout?: number;
  /** Which share of a pause is left to chance. Default 1. */
  jitter?: number;
}

/** Calls the function until it does not throw. Throws a RetryError after the last try. */
export async function retry<T>(
  fn: (() => Promise<T>) | (() => T),
  options: RetryOptions = {},
): Promise<T> {
  const {
    multiplier = 2,
    maxTimeout = 60_000,
    maxAttempts = 5,
    minTimeout = 1_000,
    jitter = 1,
  } = options;
  if (maxTimeout < 0 || minTimeout > maxTimeout || jitter > 1) {
    throw new TypeError(
      `expected 0 <= minTimeout <= maxTimeout and jitter <= 1, found ${minTimeout}, ${maxTimeout} and ${jitter}`,
    );
  }
  for (let attempt = 1;; attempt++) {
    try {
      return await fn();
    } catch (error) {
      if (attempt >= maxAttempts) throw new RetryError(error, maxAttempts);
      const pause = Math.min(
        maxTimeout,
        minTimeout * multiplier ** (attempt - 1),
      );
      await delay(pause * (1 - jitter * Math.random()));
    }
  }
}
