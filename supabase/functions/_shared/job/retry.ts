/** How long a call is tried. */
export interface Patience {
  /** Moment (ms since the epoch) after which no further try is made; 0: there is one try. */
  until: number;
  /** When the lease of the attempt runs out: pauses and calls get shorter, the closer it is. */
  leaseUntil?(): number;
}

/** How `retryUntil` goes on. */
export interface RetryOptions extends Patience {
  /** Whether an error may go away by itself. */
  isTransient(error: unknown): boolean;
  /** First pause in ms; doubles each time. Default 100. */
  firstPause?: number;
  /** Longest pause in ms. Default 2000. */
  longestPause?: number;
}

const SHORTEST_PAUSE_MS = 20;

/** Calls `fn` until it succeeds, its error is not transient, or the time is over. */
export async function retryUntil<T>(fn: () => Promise<T>, options: RetryOptions): Promise<T> {
  const longest = options.longestPause ?? 2_000;
  let pause = options.firstPause ?? 100;
  while (true) {
    try {
      return await fn();
    } catch (error) {
      const left = options.until - Date.now();
      if (!options.isTransient(error) || left < SHORTEST_PAUSE_MS) throw error;
      const half = Math.min(left, leaseLeft(options)) / 2;
      await delay(Math.min(pause * (0.5 + Math.random() / 2), Math.max(half, SHORTEST_PAUSE_MS)));
      pause = Math.min(pause * 2, longest);
    }
  }
}

/** The ms until the lease runs out; without end where there is none, or none any more to save. */
export function leaseLeft({ leaseUntil }: Pick<Patience, "leaseUntil">): number {
  const left = (leaseUntil?.() ?? 0) - Date.now();
  return left > 0 ? left : Infinity;
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
