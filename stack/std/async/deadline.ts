import { delay } from "./delay.ts";

export interface DeadlineOptions {
  /** Ends the waiting: the promise rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** The promise, or a rejection with a TimeoutError when it takes longer than so many milliseconds. */
export async function deadline<T>(
  p: Promise<T>,
  ms: number,
  options: DeadlineOptions = {},
): Promise<T> {
  const done = new AbortController();
  const signals = [done.signal, ...(options.signal ? [options.signal] : [])];
  const tooLate = delay(ms, { signal: AbortSignal.any(signals) }).then(() => {
    throw new DOMException("Signal timed out.", "TimeoutError");
  });
  try {
    return await Promise.race([p, tooLate]);
  } finally {
    tooLate.catch(() => {});
    done.abort();
  }
}
