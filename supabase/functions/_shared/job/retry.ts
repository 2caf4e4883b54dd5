/** How `retryUntil` goes on. */
export interface RetryOptions {
  /** Moment (ms since the epoch) after which no further try is made. */
  until: number;
  /** Whether an error may go away by itself. */
  isTransient(error: unknown): boolean;
  /** First pause in ms; doubles each time. Default 100. */
  firstPause?: number;
  /** Longest pause in ms. Default 2000. */
  longestPause?: number;
}

/** Calls `fn` until it succeeds, its error is not transient, or the time is over. */
export async function retryUntil<T>(fn: () => Promise<T>, options: RetryOptions): Promise<T> {
  const longest = options.longestPause ?? 2_000;
  let pause = options.firstPause ?? 100;
  while (true) {
    try {
      return await fn();
    } catch (error) {
      const wait = pause * (0.5 + Math.random() / 2);
      if (!options.isTransient(error) || Date.now() + wait > options.until) throw error;
      await delay(wait);
      pause = Math.min(pause * 2, longest);
    }
  }
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
