// Names that would lead the database to another URL, and bodies that are too much.
import { type Attack, request } from "../attack.ts";

const TRICKS: [string, string][] = [
  ["../../rest/v1/job", "a path upwards"],
  ["a/b", "a slash"],
  ["a\\b", "a backslash"],
  ["..", "dots"],
  ["a?b=c", "a query"],
  ["a#b", "a fragment"],
  ["a%2fb", "an encoded slash"],
  ["%2e%2e%2f", "encoded dots"],
  ["a%00", "an encoded NUL"],
  ["a b", "a space"],
  ["a\n", "a newline behind"],
  ["a\r\nX-Header: 1", "a header"],
  ["a@b:80", "a host"],
  ["//host/x", "another host"],
  ["http://127.0.0.1/", "a URL"],
  ["аdmin", "a Cyrillic a"],
  ["ａｂ", "full-width letters"],
  ["a／b", "a full-width slash"],
  ["a․․b", "one-dot leaders"],
  ["a\u200bb", "a zero-width space"],
  ["a\u202eb", "a right-to-left mark"],
  ["İ", "a dotted I"],
  ["1a", "a digit in front"],
  ["", "nothing"],
  ["a".repeat(129), "129 letters"],
];
const WRONG_NAME = { status: 400, code: "JQ422" };

export const names: Attack[] = TRICKS.flatMap(([name, what]) => [
  request("Job names", "ada", `queue_job: ${what}`, WRONG_NAME, "/rest/v1/rpc/queue_job", {
    body: { _job_name: name },
  }),
  request("Job names", "ada", `queue_jobs: ${what}`, WRONG_NAME, "/rest/v1/rpc/queue_jobs", {
    body: { _jobs: [{ job_name: "fine" }, { job_name: name }] },
  }),
  request("Job names", "ada", `insert: ${what}`, WRONG_NAME, "/rest/v1/job", {
    body: { job_name: name },
  }),
  request("Job names", "ada", `schedule_job: ${what}`, WRONG_NAME, "/rest/v1/rpc/schedule_job", {
    body: { _name: "x", _job_name: name, _cron: "* * * * *" },
  }),
  request("Job names", "service_role", `queue_job: ${what}`, WRONG_NAME, "/rest/v1/rpc/queue_job", {
    body: { _job_name: name },
  }),
]);

const queue = "/rest/v1/rpc/queue_job";
const json = (body: string) => `{"_job_name": "refusal-waits", "_request_body": ${body}}`;
const TOO_LARGE = { status: 400, code: "JQ413" };

const body = (what: string, expect: Attack["expect"], text: string): Attack =>
  request("Bodies and arguments", "ada", what, expect, queue, { body: text });

export const bodies: Attack[] = [
  body("a body of 1 MiB + 1", TOO_LARGE, json(JSON.stringify("x".repeat(1024 * 1024 - 1)))),
  request("Bodies and arguments", "ada", "the same by insert", TOO_LARGE, "/rest/v1/job", {
    body: { job_name: "refusal-waits", request_body: { x: "x".repeat(1024 * 1024) } },
  }),
  request(
    "Bodies and arguments",
    "ada",
    "the same by update",
    TOO_LARGE,
    ({ jobs }) => `/rest/v1/job?id=eq.${jobs.waits}`,
    { method: "PATCH", body: { request_body: { x: "x".repeat(1024 * 1024) } } },
  ),
  body("NUL in the body", { status: 400, code: "22P05" }, json('"\\u0000"')),
  body("half a surrogate pair", { status: 400, code: "22P02" }, json('"\\ud800"')),
  ...[
    ["max_retries 0", { _max_retries: 0 }, "JQ422"],
    ["max_retries 101", { _max_retries: 101 }, "JQ422"],
    ["max_retries null", { _max_retries: null }, "JQ422"],
    ["max_retries 2e9", { _max_retries: 2e9 }, "JQ422"],
    ["run_at infinity", { _run_at: "infinity" }, "JQ422"],
    ["run_at that is no time", { _run_at: "soon" }, "22007"],
    ["an empty unique key", { _unique_key: "" }, "JQ422"],
    ["a unique key of 256 characters", { _unique_key: "k".repeat(256) }, "JQ422"],
  ].map(([what, args, code]) =>
    request(
      "Bodies and arguments",
      "ada",
      what as string,
      { status: 400, code: code as string },
      queue,
      {
        body: { _job_name: "refusal-waits", ...args as object },
      },
    )
  ),
  ...[
    ["an object", {}],
    ["null", null],
    ["a text", "x"],
    ["an array of texts", ["x"]],
    ["an unknown key", [{ job_name: "x", state: "completed" }]],
    ["max_retries that is a text", [{ job_name: "x", max_retries: "many" }]],
    ["a user_id that is no id", [{ job_name: "x", user_id: "me" }]],
  ].map(([what, jobs]) =>
    request(
      "Bodies and arguments",
      "ada",
      `queue_jobs of ${what}`,
      { status: 400, code: (what as string).includes("user_id") ? "JQ403" : "JQ422" },
      "/rest/v1/rpc/queue_jobs",
      { body: { _jobs: jobs } },
    )
  ),
];
