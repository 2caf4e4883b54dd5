// Each private and each runtime function, other schemas, and tokens that are none.
import type postgres from "postgres";
import { type Attack, request } from "../attack.ts";
import type { Actor, World } from "../world.ts";

const ANYONE = ["anon", "ada", "service_role"] as const;

/** Functions of private, and of public that only servers may call, as the catalogue has them. */
export async function functions(sql: postgres.Sql): Promise<Attack[]> {
  const found = await sql<{ schema: string; name: string; args: Record<string, unknown> }[]>`
    select n.nspname as schema, p.proname as name,
      coalesce((select jsonb_object_agg(p.proargnames[place], null)
        from generate_series(1, p.pronargs) place), '{}') as args
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('private', 'public') and p.prorettype <> 'trigger'::regtype
      and not has_function_privilege('authenticated', p.oid, 'execute')
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    order by n.nspname, p.proname collate "C"`;
  return found.flatMap(({ schema, name, args }) => {
    if (schema === "private") {
      return ANYONE.map((who) =>
        request(
          "Private functions",
          who,
          `rpc ${name}`,
          { status: 404, code: "PGRST202" },
          `/rest/v1/rpc/${name}`,
          { body: args },
        )
      );
    }
    return (["anon", "ada"] as const).map((who) =>
      request(
        "Runtime functions",
        who,
        `rpc ${name}`,
        { status: who === "anon" ? 401 : 403, code: "42501" },
        `/rest/v1/rpc/${name}`,
        { body: args },
      )
    );
  });
}

const SCHEMAS = ["private", "net", "vault", "auth", "cron"];

export const schemas: Attack[] = SCHEMAS.flatMap((schema) =>
  ANYONE.map((who) =>
    request(
      "Other schemas",
      who,
      `read a table of ${schema}`,
      { status: 406, code: "PGRST106" },
      "/rest/v1/job_attempt",
      { method: "GET", headers: { "Accept-Profile": schema } },
    )
  ).concat(
    request(
      "Other schemas",
      "ada",
      `call a function of ${schema}`,
      { status: 406, code: "PGRST106" },
      "/rest/v1/rpc/http_post",
      { body: {}, headers: { "Content-Profile": schema } },
    ),
  )
);

/** Calls of the runtime API with a token that is not the live attempt's. */
const REPORTS: [string, Record<string, unknown>][] = [
  ["start_job", {}],
  ["heartbeat_job", { _progress: 1 }],
  ["finish_job", { _outcome: "completed", _result: { forged: true } }],
  ["release_job", {}],
  ["save_job_step", { _name: "forged", _result: 1 }],
  ["log_job_attempt", { _lines: [{ message: "forged" }] }],
  ["commit_job", { _function: "queue_job", _args: { _job_name: "refusal-waits" } }],
];

const WRONG: [string, (world: World) => { _job_id: string; _token: string | null }][] = [
  ["a guessed token", ({ jobs }) => ({ _job_id: jobs.runs, _token: crypto.randomUUID() })],
  ["no token", ({ jobs }) => ({ _job_id: jobs.runs, _token: null })],
  [
    "the token of another's job",
    ({ jobs, tokens }) => ({ _job_id: jobs.runs, _token: tokens.bobs }),
  ],
  [
    "a token on another's job",
    ({ bobsJob, tokens }) => ({ _job_id: bobsJob, _token: tokens.runs }),
  ],
  [
    "a token on a waiting job",
    ({ jobs, tokens }) => ({ _job_id: jobs.waits, _token: tokens.runs }),
  ],
  ["the token of an ended attempt", ({ jobs, tokens }) => ({
    _job_id: jobs.failed,
    _token: tokens.ended,
  })],
];

export const tokens: Attack[] = WRONG.flatMap(([what, fence]) =>
  REPORTS.map(([name, more]) =>
    request(
      "Tokens",
      "service_role" as Actor,
      `${name} with ${what}`,
      { status: 200, text: /"status": ?"stale"/ },
      `/rest/v1/rpc/${name}`,
      (world) => ({ body: { ...fence(world), ...more } }),
    )
  )
);

export const tooMuch: Attack[] = [
  request(
    "Tokens",
    "service_role",
    "finish_job with its token and a result above its limit",
    { status: 400, code: "JQ413" },
    "/rest/v1/rpc/finish_job",
    ({ jobs, tokens }) => ({
      body: {
        _job_id: jobs.runs,
        _token: tokens.runs,
        _outcome: "completed",
        _result: "x".repeat(131_072),
      },
    }),
  ),
  request(
    "Tokens",
    "service_role",
    "finish_job with its token and an outcome of its own",
    { status: 400, code: "JQ422" },
    "/rest/v1/rpc/finish_job",
    ({ jobs, tokens }) => ({
      body: { _job_id: jobs.runs, _token: tokens.runs, _outcome: "deleted'; --" },
    }),
  ),
  request(
    "Tokens",
    "service_role",
    "start_job again with its token (replayed)",
    { status: 200, text: /"status": ?"stale"/ },
    "/rest/v1/rpc/start_job",
    ({ jobs, tokens }) => ({ body: { _job_id: jobs.runs, _token: tokens.runs } }),
  ),
];
