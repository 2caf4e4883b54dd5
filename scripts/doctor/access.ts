import { readConfig } from "../../stack/config.ts";
import type { Check } from "./check.ts";

const FOR_USERS = [
  "queue_job",
  "queue_jobs",
  "dequeue_job",
  "cancel_job",
  "retry_job",
  "log_job",
  "explain_job",
];
const FOR_FUNCTIONS = [
  "start_job",
  "heartbeat_job",
  "finish_job",
  "next_job",
  "release_job",
  "save_job_step",
  "log_job_attempt",
  "commit_job",
];

/** Users may call what is theirs, functions what is theirs, and nobody else. */
export const grants: Check = {
  name: "grants",
  needs: ["migrations"],
  async look({ sql }) {
    const rows = await sql<{ statement: string; what: string }[]>`
      with expected (name, role, may) as (
        select n, r, true from unnest(${FOR_USERS}::text[]) n,
          unnest('{anon,authenticated,service_role}'::text[]) r
        union all
        select n, r, r = 'service_role' from unnest(${FOR_FUNCTIONS}::text[]) n,
          unnest('{anon,authenticated,service_role}'::text[]) r)
      select format('%s may %scall %s', e.role, case when e.may then 'not ' else '' end, p.proname) as what,
        format('%s execute on function %s %s %s;', case when e.may then 'grant' else 'revoke' end,
          p.oid::regprocedure, case when e.may then 'to' else 'from' end,
          case when e.may then e.role else 'public, anon, authenticated' end) as statement
      from expected e
      join pg_proc p on p.proname = e.name and p.pronamespace = 'public'::regnamespace
      where has_function_privilege(e.role, p.oid, 'execute') <> e.may`;
    if (rows.length === 0) return { ok: "as the migrations give them" };
    return {
      problem: rows.map((row) => row.what).join("; "),
      remedy: { sql: [...new Set(rows.map((row) => row.statement))].join("\n") },
    };
  },
};

/** Schema private is closed to the API's roles. */
export const privateSchema: Check = {
  name: "private schema",
  needs: ["migrations"],
  async look({ sql }) {
    const rows = await sql<{ role: string }[]>`
      select r as role from unnest('{anon,authenticated,service_role}'::text[]) r
      where has_schema_privilege(r, 'private', 'usage')`;
    if (rows.length === 0) return { ok: "closed to API roles" };
    const roles = rows.map((row) => row.role).join(", ");
    return {
      problem: `${roles} may use schema private, where the tokens are`,
      remedy: { sql: `revoke all on schema private from public, ${roles};` },
    };
  },
};

/** The API does not show schema private. */
export const exposedSchemas: Check = {
  name: "exposed schemas",
  needs: ["database"],
  async look({ sql, projectDir }) {
    const [row] = await sql<{ schemas: string | null }[]>`
      select current_setting('pgrst.db_schemas', true) as schemas`;
    const inDatabase = (row?.schemas ?? "").split(",").map((name) => name.trim());
    if (inDatabase.includes("private")) {
      return {
        problem: "the API exposes schema private",
        remedy: { todo: "dashboard, Settings, Data API, Exposed schemas: remove private" },
      };
    }
    if (readConfig(projectDir).schemas.includes("private")) {
      return {
        problem: "supabase/config.toml exposes schema private",
        remedy: { todo: "remove private from schemas in [api] of supabase/config.toml" },
      };
    }
    return { ok: "without private" };
  },
};

/** Row level security is on for every table that the API shows. */
export const rowLevelSecurity: Check = {
  name: "row level security",
  needs: ["migrations"],
  async look({ sql }) {
    const rows = await sql<{ name: string }[]>`
      select c.oid::regclass::text as name from pg_class c
      where c.relname in ('job', 'job_config', 'job_logs')
        and c.relnamespace = 'public'::regnamespace and not c.relrowsecurity`;
    if (rows.length === 0) return { ok: "on" };
    return {
      problem: `off for ${rows.map((row) => row.name).join(", ")}`,
      remedy: {
        sql: rows.map((row) =>
          `alter table public.${row.name.replace("public.", "")} enable row level security;`
        )
          .join("\n"),
      },
    };
  },
};
