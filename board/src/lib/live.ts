import { useCallback, useEffect, useRef, useState } from "react";
import { onInvalidated } from "./invalidation.ts";
import { beat } from "./pulse.ts";

/** What a page shows of a query that is repeated. */
export interface Live<T> {
  /** The latest answer, kept while a later request fails. */
  data: T | undefined;
  /** The answer to the query before this one, until this one's is there. */
  previous: T | undefined;
  error: unknown;
  /** True until the first answer or failure. */
  loading: boolean;
  /** Asks at once. */
  refresh: () => void;
}

const FASTEST_MS = 2_000;
const SLOWEST_MS = 30_000;
const GROWTH = 1.4;

/**
 * Asks now and again, one request at a time: every two seconds while answers change or someone works
 * with the page, ever more slowly while nothing does, not at all while the page is hidden or offline.
 * A new `key` is a new query; null asks nothing.
 */
export function useLive<T>(
  key: string | null,
  ask: (signal: AbortSignal) => Promise<T>,
  { fastest = FASTEST_MS }: { fastest?: number } = {},
): Live<T> {
  const [state, setState] = useState<{ key: string | null; data?: T; error?: unknown }>({ key });
  const current = useRef(ask);
  current.current = ask;
  const refreshNow = useRef(() => {});

  useEffect(() => {
    if (key === null) return;
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let pause = fastest;
    let seen: string | undefined;
    let asking = false;
    let again = false;

    const isAwake = () => document.visibilityState === "visible" && navigator.onLine;

    async function run(): Promise<void> {
      clearTimeout(timer);
      if (asking) {
        again = true;
        return;
      }
      if (!isAwake()) return beat({ pause: null });
      asking = true;
      again = false;
      try {
        const data = await current.current(ended.signal);
        if (ended.signal.aborted) return;
        const text = JSON.stringify(data);
        pause = text === seen ? Math.min(pause * GROWTH, SLOWEST_MS) : fastest;
        seen = text;
        setState((before) =>
          before.key === key && before.error === undefined &&
            JSON.stringify(before.data) === text
            ? before
            : { key, data }
        );
        beat({ pause, failed: false });
      } catch (error) {
        if (ended.signal.aborted) return;
        pause = Math.min(pause * 2, SLOWEST_MS);
        setState((before) => ({ key, data: before.key === key ? before.data : undefined, error }));
        beat({ pause, failed: true });
      } finally {
        asking = false;
      }
      if (again) return void run();
      if (isAwake()) timer = setTimeout(run, pause);
    }

    const wake = () => {
      pause = fastest;
      run();
    };
    // Whoever works with the page wants to see what changes: the next request comes soon again.
    let lastActivity = 0;
    const onActivity = () => {
      if (pause <= fastest || Date.now() - lastActivity < fastest) return;
      lastActivity = Date.now();
      wake();
    };
    refreshNow.current = wake;
    const once = { signal: ended.signal, passive: true };
    document.addEventListener("visibilitychange", wake, once);
    addEventListener("online", wake, once);
    addEventListener("offline", () => beat({ pause: null }), once);
    addEventListener("pointerdown", onActivity, once);
    addEventListener("keydown", onActivity, once);
    const stopListening = onInvalidated(wake);
    run();
    return () => {
      ended.abort();
      clearTimeout(timer);
      stopListening();
    };
  }, [key, fastest]);

  const refresh = useCallback(() => refreshNow.current(), []);
  const isCurrent = state.key === key;
  return {
    data: isCurrent ? state.data : undefined,
    previous: isCurrent ? undefined : state.data,
    error: isCurrent ? state.error : undefined,
    loading: key !== null &&
      (!isCurrent || (state.data === undefined && state.error === undefined)),
    refresh,
  };
}
