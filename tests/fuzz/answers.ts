// Rows in net._http_response: what pg_net may write down, whoever was asked and whatever answered.
import type { Choice } from "./choice.ts";
import type { Known } from "./known.ts";
import { document, quote } from "./values.ts";

const STATUSES = [
  200,
  201,
  204,
  202,
  500,
  404,
  401,
  503,
  504,
  546,
  299,
  304,
  418,
  0,
  -1,
  2147483647,
];
const RETRY_AFTERS = [
  "0",
  " 7 ",
  "999999999",
  "99999999999999999999",
  "1e400",
  "-5",
  "1.5",
  "Wed, 21 Oct 2035 07:28:00 GMT",
  "infinity",
  "-infinity",
  "epoch",
  "294277-01-01",
  "tomorrow allballs",
  "'; drop table job; --",
  "\ud7ff",
  "",
];

/** Inserts one answer: to one of our rings, again, to a ring that has ended, or to a stranger's. */
export function answerSql(choose: Choice, known: Known): string {
  const rung = known.attempts.filter(({ request_id }) => request_id !== null);
  const waiting = rung.filter(({ unanswered }) => unanswered);
  const ours = choose.chance(0.75) && waiting.length > 0
    ? choose.pick(waiting)
    : choose.chance(0.5) && rung.length > 0
    ? choose.pick(rung)
    : null;
  const id = ours?.request_id ??
    choose.pick([
      "null",
      "-1",
      "9223372036854775807",
      String(9_000_000_000_000 + choose.below(50)),
    ]);
  const jobId = ours?.job_id ?? (known.jobs.length > 0 ? choose.pick(known.jobs).id : null);
  const status = choose.chance(0.1) ? "null" : String(choose.pick(STATUSES));
  return `insert into net._http_response
    (id, status_code, headers, content_type, content, timed_out, error_msg, created)
    values (${id}, ${status}, ${headers(choose, jobId, known)}, ${
    choose.pick(["null", "'application/json'", "'text/html; charset=utf-16'", "''"])
  }, ${content(choose)}, ${choose.pick(["true", "false", "false", "null"])}, ${
    ours
      ? choose.pick(["null", "null", "'Timeout was reached'", "repeat('x', 20000)"])
      : "'foreign'"
  }, private.now() + ${choose.pick(["'0'", "'0'", "'0'", "'-30 seconds'", "'-1 day'"])}::interval)`;
}

function headers(choose: Choice, jobId: string | null, known: Known): string {
  if (choose.chance(0.1)) {
    return choose.pick([
      "null",
      "'null'::jsonb",
      "'[]'::jsonb",
      "'\"X-Job\"'::jsonb",
      "'{}'::jsonb",
      `${quote(JSON.stringify(document(choose)))}::jsonb`,
    ]);
  }
  const set: Record<string, unknown> = {};
  const name = (text: string) => choose.pick([text, text.toLowerCase(), text.toUpperCase()]);
  if (choose.chance(0.9)) set[name("X-Job")] = choose.pick(["true", "true", "", "1", "false"]);
  if (choose.chance(0.9)) {
    set[name("X-Correlation-ID")] = choose.weighted<() => unknown>([
      [6, () => jobId],
      [1, () => jobId?.toUpperCase()],
      [1, () => known.jobs.length > 0 ? choose.pick(known.jobs).id : ""],
      [1, () => choose.pick(["", "x", `${jobId} `, `{${jobId}}`, "'; drop table job; --", null])],
      [1, () => document(choose)],
    ])();
  }
  if (choose.chance(0.4)) {
    set[name("Retry-After")] = choose.pick<unknown>([...RETRY_AFTERS, 5, null]);
  }
  if (choose.chance(0.2)) {
    set[name("X-Job-Retry")] = choose.pick<unknown>(["never", "NEVER", "never ", "", 1, null, {}]);
  }
  if (choose.chance(0.1)) set["x-correlation-id"] = [jobId];
  if (choose.chance(0.05)) set["X-Long"] = "x".repeat(50_000);
  return `${quote(JSON.stringify(set))}::jsonb`;
}

function content(choose: Choice): string {
  return choose.weighted<() => string>([
    [3, () => "null"],
    [3, () => quote(JSON.stringify(document(choose)))],
    [1, () => `repeat('[', ${choose.pick([10, 5000, 60_000])})`],
    [1, () => `repeat('[', 6000) || repeat(']', 6000)`],
    [1, () => `to_jsonb(repeat('é', ${choose.pick([32_766, 32_767, 40_000])}))::text`],
    [1, () => `repeat('x', 2000000)`],
    [
      1,
      () => quote(choose.pick(['"\\u0000"', '{"a": "\\ud800"}', "1e400", "1e999999", "{", "nul"])),
    ],
    [1, () => quote("<html>\u0001\u200b%s %L \\ </html>")],
  ])();
}
