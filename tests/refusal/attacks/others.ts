// Another user's jobs, logs, attempts and schedules; and everybody's, signed out.
import { type Attack, request } from "../attack.ts";
import type { Actor, World } from "../world.ts";

const THEME = "Another user's rows";
const rest = "/rest/v1";
const NO_ROW = { status: 200, text: /^\[\]$/ };
const NOT_YOURS = { status: 400, code: "JQ404" };
const NOT_OPERATOR = { status: 400, code: "JQ403" };
const SIGNED_OUT = { status: 400, code: "JQ401" };
const returning = { Prefer: "return=representation" };

const theirs = (path: string) => ({ jobs }: World) => `${rest}/${path}${jobs.waits}`;

/** Calls one of the functions that take a job's id. */
function call(who: Actor, name: string, expect: Attack["expect"], more = {}): Attack {
  return request(THEME, who, `rpc ${name} of a job of ada`, expect, `${rest}/rpc/${name}`, (
    { jobs },
  ) => ({ body: { _job_id: jobs.waits, ...more } }));
}

const LINE = { _log_message: "forged" };

export const others: Attack[] = [
  request(THEME, "bob", "read a job of ada", NO_ROW, theirs("job?id=eq."), { method: "GET" }),
  request(THEME, "bob", "read her log", NO_ROW, theirs("job_logs?job_id=eq."), { method: "GET" }),
  request(
    THEME,
    "bob",
    "read jobs by or=",
    NO_ROW,
    ({ ada, jobs }) => `${rest}/job?or=(user_id.eq.${ada.id},id.eq.${jobs.runs})`,
    { method: "GET" },
  ),
  request(THEME, "bob", "update it", NO_ROW, theirs("job?id=eq."), {
    method: "PATCH",
    body: { priority: 9 },
    headers: returning,
  }),
  request(THEME, "bob", "delete it", NO_ROW, theirs("job?id=eq."), {
    method: "DELETE",
    headers: returning,
  }),
  request(
    THEME,
    "bob",
    "insert a job for ada",
    { status: 403, code: "42501" },
    `${rest}/job`,
    ({ ada }) => ({ body: { job_name: "x", user_id: ada.id } }),
  ),
  request(
    THEME,
    "bob",
    "queue_jobs for ada",
    { status: 400, code: "JQ403" },
    `${rest}/rpc/queue_jobs`,
    ({ ada }) => ({ body: { _jobs: [{ job_name: "x", user_id: ada.id }] } }),
  ),
  request(
    THEME,
    "bob",
    "schedule_job for ada",
    { status: 400, code: "JQ403" },
    `${rest}/rpc/schedule_job`,
    ({ ada }) => ({ body: { _name: "x", _job_name: "x", _cron: "* * * * *", _user_id: ada.id } }),
  ),
  request(
    THEME,
    "bob",
    "forge a line of her log",
    { status: 403, code: "42501" },
    `${rest}/job_logs`,
    ({ jobs }) => ({ body: { job_id: jobs.waits, log_message: "forged" } }),
  ),
  call("bob", "cancel_job", NOT_YOURS),
  call("bob", "dequeue_job", NOT_YOURS),
  call("bob", "retry_job", NOT_YOURS),
  call("bob", "explain_job", NOT_YOURS),
  call("bob", "log_job", NOT_YOURS, LINE),
  ...["job", "job_logs", "job_config", "job_schedule"].flatMap((table) => [
    request(THEME, "anon", `read ${table}`, { status: 401, code: "42501" }, `${rest}/${table}`, {
      method: "GET",
    }),
    request(
      THEME,
      "anon",
      `delete from ${table}`,
      { status: 401, code: "42501" },
      `${rest}/${table}${
        table === "job_config"
          ? "?job_name=neq.x"
          : table === "job_logs"
          ? "?id=gt.0"
          : "?name=neq.x"
      }`.replace("job?name", "job?job_name"),
      { method: "DELETE" },
    ),
  ]),
  request(THEME, "anon", "insert a job", { status: 401, code: "42501" }, `${rest}/job`, {
    body: { job_name: "x" },
  }),
  request(THEME, "anon", "rpc queue_job", SIGNED_OUT, `${rest}/rpc/queue_job`, {
    body: { _job_name: "x" },
  }),
  request(THEME, "anon", "rpc queue_jobs", SIGNED_OUT, `${rest}/rpc/queue_jobs`, {
    body: { _jobs: [{ job_name: "x" }] },
  }),
  call("anon", "cancel_job", SIGNED_OUT),
  call("anon", "dequeue_job", SIGNED_OUT),
  call("anon", "retry_job", SIGNED_OUT),
  call("anon", "explain_job", SIGNED_OUT),
  call("anon", "log_job", SIGNED_OUT, LINE),
  request(THEME, "ada", "read job_config", NO_ROW, `${rest}/job_config`, { method: "GET" }),
  request(
    THEME,
    "ada",
    "raise her own limit",
    NO_ROW,
    `${rest}/job_config?job_name=eq.refusal-waits`,
    {
      method: "PATCH",
      body: { concurrency_limit: 99 },
      headers: returning,
    },
  ),
  request(THEME, "ada", "the same by board_set_name", NOT_OPERATOR, `${rest}/rpc/board_set_name`, {
    body: { _job_name: "refusal-waits", _changes: { concurrency_limit: 99 } },
  }),
  request(THEME, "bob", "list ada's jobs by board_jobs", NOT_OPERATOR, `${rest}/rpc/board_jobs`, (
    { ada },
  ) => ({ body: { _filter: { user_id: ada.id } } })),
  call("bob", "board_job", NOT_YOURS),
  call("bob", "board_run_again", NOT_YOURS),
  request(
    THEME,
    "bob",
    "delete ada's jobs by board_apply",
    { status: 200, text: /"done": ?0/ },
    `${rest}/rpc/board_apply`,
    ({ jobs }) => ({ body: { _action: "delete", _ids: [jobs.waits, jobs.failed] } }),
  ),
  request(
    THEME,
    "ada",
    "change her running job",
    NO_ROW,
    ({ jobs }) => `${rest}/job?id=eq.${jobs.runs}`,
    { method: "PATCH", body: { request_body: {} }, headers: returning },
  ),
  request(
    THEME,
    "ada",
    "delete her running job",
    NO_ROW,
    ({ jobs }) => `${rest}/job?id=eq.${jobs.runs}`,
    { method: "DELETE", headers: returning },
  ),
];
