const listeners = new Set<() => void>();
let waiting: ReturnType<typeof setTimeout> | undefined;

const TOGETHER_MS = 1_000;

/** Says that what is shown may be old: at most one refresh a second comes of it. */
export function invalidate(): void {
  waiting ??= setTimeout(() => {
    waiting = undefined;
    for (const listener of listeners) listener();
  }, TOGETHER_MS);
}

/** Calls `listener` after invalidations, until the returned function is called. */
export function onInvalidated(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
