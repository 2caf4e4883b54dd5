import { boundText, toJson } from "./json.ts";
import type { Redact } from "./redact.ts";
import type { LogLine } from "./runtime_api.ts";

/** A handler's log; its lines appear in public.job_logs. */
export type JobLog = Record<"debug" | "info" | "warn" | "error", LogMethod>;

/** Logs a message and, if given, data as JSON behind it. */
export type LogMethod = (message: string, data?: unknown) => void;

/** A log that is sent in batches: when it is full, when it is old, and when asked to. */
export interface LogBuffer {
  log: JobLog;
  /**
   * Sends what is there, and tries until `until` (ms since the epoch) before it gives the lines
   * up; with 0 it tries once and keeps them for later.
   */
  flush(until: number): Promise<void>;
  /** Refuses what comes from now on. */
  close(): void;
}

const FLUSH_AT_LINES = 50;
const FLUSH_AFTER_MS = 1_000;
const LINE_BYTES = 8 * 1024;
/** What is kept while the database is away: with the note about the rest, what it takes at once. */
const KEPT_LINES = 999;

export function createLogBuffer(
  send: (lines: LogLine[], until: number) => Promise<void>,
  redact: Redact,
): LogBuffer {
  let lines: LogLine[] = [];
  let dropped = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sending: Promise<void> = Promise.resolve();
  let closed = false;

  function add(level: LogLine["level"], message: string, data?: unknown) {
    if (closed) return;
    const text = data === undefined ? String(message) : `${message} ${describe(data)}`;
    if (lines.length >= KEPT_LINES) {
      lines.shift();
      dropped++;
    }
    lines.push({
      level,
      message: boundText(redact(text), LINE_BYTES),
      at: new Date().toISOString(),
    });
    if (lines.length === FLUSH_AT_LINES) void flush(0);
    else flushSoon();
  }

  function flushSoon() {
    if (!closed) timer ??= setTimeout(() => void flush(0), FLUSH_AFTER_MS);
  }

  function flush(until: number): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (lines.length > 0) sending = sending.then(() => sendBatch(until));
    return sending;
  }

  async function sendBatch(until: number) {
    const batch = lines;
    const lost = dropped;
    lines = [];
    dropped = 0;
    if (batch.length === 0) return;
    try {
      await send(lost > 0 ? [dropNote(lost), ...batch] : batch, until);
    } catch (error) {
      if (until > 0) {
        console.error(redact(`${batch.length} log lines could not be saved: ${error}`));
        return;
      }
      const waiting = [...batch, ...lines];
      const excess = Math.max(0, waiting.length - KEPT_LINES);
      dropped += lost + excess;
      lines = waiting.slice(excess);
      flushSoon();
    }
  }

  return {
    log: {
      debug: (message, data) => add("DEBUG", message, data),
      info: (message, data) => add("INFO", message, data),
      warn: (message, data) => add("WARN", message, data),
      error: (message, data) => add("ERROR", message, data),
    },
    flush,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function describe(data: unknown): string {
  if (data instanceof Error) return data.stack ?? String(data);
  const kept = toJson(data, 4 * LINE_BYTES);
  return kept.problem === undefined ? JSON.stringify(kept.json) : `(${kept.problem})`;
}

function dropNote(count: number): LogLine {
  const message = `${count} lines before this one were dropped while the database was away`;
  return { level: "WARN", message, at: new Date().toISOString() };
}
