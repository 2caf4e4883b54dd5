import type { Json } from "./json.ts";

export interface HeartbeatOptions {
  leaseSeconds: number;
  /** Tells the engine that the attempt lives; carries progress if there is news. */
  send(progress: Json, leaseUntil: () => number): Promise<{ status: "ok" | "canceled" | "stale" }>;
  /** The user asked to cancel the job. */
  onCanceled(): void;
  /** The attempt is not the live one any more, or cannot know: its lease ran out unheard. */
  onStale(message: string): void;
}

export interface Heartbeat {
  /** Keeps the newest progress for the next beat, which comes soon. */
  progress(value: Json): void;
  /** Sends progress that is still waiting. */
  flush(): Promise<void>;
  /** Until when (ms since the epoch) the engine waits for another beat. */
  leaseUntil(): number;
  stop(): void;
}

const LONGEST_PAUSE_MS = 10_000;
const PROGRESS_PAUSE_MS = 1_000;

const SHORTEST_PAUSE_MS = 50;

/**
 * Beats four times a lease, at least every 10 s, and at most once a second for progress. After a
 * beat that was not heard the next one comes before half of what is left of the lease is over.
 */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const leaseMs = options.leaseSeconds * 1000;
  const everyMs = Math.min(LONGEST_PAUSE_MS, leaseMs / 4);
  let news: { progress: Json } | undefined;
  let lastSent = Date.now();
  let lastHeard = lastSent;
  const leaseUntil = () => lastHeard + leaseMs;
  let unheard = false;
  let beating: Promise<void> | undefined;
  let stopped = false;
  let timer: ReturnType<typeof setTimeout>;

  function arm() {
    clearTimeout(timer);
    if (stopped || beating) return;
    timer = setTimeout(beat, Math.max(0, unheard ? untilRepeated() : untilNext()));
  }

  function untilNext(): number {
    const pause = news ? Math.min(PROGRESS_PAUSE_MS, everyMs) : everyMs;
    return lastSent + pause - Date.now();
  }

  function untilRepeated(): number {
    const half = (leaseUntil() - Date.now()) / 2;
    return Math.min(untilNext(), Math.max(half, SHORTEST_PAUSE_MS));
  }

  function beat(): Promise<void> {
    clearTimeout(timer);
    beating ??= send().finally(() => {
      beating = undefined;
      arm();
    });
    return beating;
  }

  async function send() {
    const sending = news;
    news = undefined;
    lastSent = Date.now();
    let status: string;
    try {
      ({ status } = await options.send(sending ? sending.progress : null, leaseUntil));
      lastHeard = lastSent;
      unheard = false;
    } catch {
      unheard = true;
      // The next beat tries again; only a lease that ran out unheard is an ending.
      news ??= sending;
      status = Date.now() - lastHeard > leaseMs ? "unheard" : "ok";
    }
    if (stopped || status === "ok") return;
    if (status === "canceled") return options.onCanceled();
    stop();
    options.onStale(
      status === "stale"
        ? "this attempt is not the job's live one any more"
        : "the database could not be reached for the length of a lease",
    );
  }

  function stop() {
    stopped = true;
    clearTimeout(timer);
  }

  arm();
  return {
    progress(value) {
      news = { progress: value };
      arm();
    },
    async flush() {
      if (beating) await beating;
      if (news && !stopped) await beat();
    },
    leaseUntil,
    stop,
  };
}
