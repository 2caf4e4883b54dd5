import type { Json } from "./json.ts";

// deno-lint-ignore no-explicit-any
type Anything = any;

/** A supabase-js client, typed or not: only this much of it is used. */
export interface WatchClient {
  from(table: Anything): Anything;
  channel(name: string): Anything;
  removeChannel(channel: Anything): Anything;
}

/** What an app sees of a job. */
export interface JobView {
  id: string;
  state: "pending" | "running" | "completed" | "failed" | "canceled";
  progress: Json;
  result: Json;
  /** Why the latest try failed. */
  error: string | null;
  /** Tries that failed so far. */
  retries: number;
}

export interface WatchOptions {
  /** Ends the watching. */
  signal?: AbortSignal;
  /** Whether to listen to Realtime as well. Default true. */
  realtime?: boolean;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 3_000;
/** Once Realtime has proved to work. */
const LISTENING_PAUSE_MS = 15_000;
const ENDED = ["completed", "failed", "canceled"];
const COLUMNS = "id, state, progress, result, error:last_error, retries";

/**
 * Yields what a job looks like, now and after each change, and ends with the job:
 *
 * ```ts
 * for await (const { state, progress, result } of watchJob(supabase, id)) show(state, progress, result);
 * ```
 *
 * It asks the table, at growing intervals: that is enough. Realtime, where the table is published,
 * only wakes it earlier. No Realtime runs where this project is tested: that path is tested with a
 * channel that stands in for it.
 */
export async function* watchJob(
  client: WatchClient,
  id: string,
  options: WatchOptions = {},
): AsyncGenerator<JobView, void, void> {
  const bell = createBell(options.signal);
  const channel = options.realtime === false ? undefined : listen(client, id, bell.ring);
  let seen = "";
  let pause = FIRST_PAUSE_MS;
  let failures = 0;
  try {
    while (!options.signal?.aborted) {
      const { data, error } = await client.from("job").select(COLUMNS).eq("id", id).maybeSingle();
      if (error && ++failures >= 5) throw new Error(`job ${id} cannot be read: ${error.message}`);
      if (!error) {
        failures = 0;
        if (!data) throw new Error(`you have no job ${id}`);
        const view = data as JobView;
        const text = JSON.stringify(view);
        if (text !== seen) {
          seen = text;
          pause = FIRST_PAUSE_MS;
          yield view;
          if (ENDED.includes(view.state)) return;
        }
      }
      await bell.wait(bell.hasRung() ? LISTENING_PAUSE_MS : pause);
      pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
    }
  } finally {
    if (channel) await client.removeChannel(channel);
  }
}

function listen(client: WatchClient, id: string, onChange: () => void): Anything {
  const change = { event: "UPDATE", schema: "public", table: "job", filter: `id=eq.${id}` };
  return client.channel(`job:${id}`).on("postgres_changes", change, onChange).subscribe();
}

/** A pause that a ring, or the signal, cuts short. */
function createBell(signal: AbortSignal | undefined) {
  let rings = 0;
  let heard = 0;
  let wake = () => {};
  const ring = () => {
    rings++;
    wake();
  };
  signal?.addEventListener("abort", () => wake());
  return {
    ring,
    hasRung: () => rings > 0,
    wait: (ms: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(() => wake(), rings > heard ? 0 : ms);
        heard = rings;
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
}
