// The engine's columns of public.job, by insert and by update, for users and for servers.
import type postgres from "postgres";
import { type Attack, request } from "../attack.ts";

const THEME = "The engine's columns";
const FREE = ["job_name", "request_body", "max_retries", "next_run_at", "priority", "unique_key"];

const VALUES: Record<string, unknown> = {
  uuid: "00000000-0000-0000-0000-000000000001",
  text: "completed",
  jsonb: {},
  integer: 1,
  "timestamp with time zone": "2030-01-01",
};

/** Reads which columns there are; a new one is attacked, too. */
export async function columns(sql: postgres.Sql): Promise<Attack[]> {
  const found = await sql<{ name: string; type: string; generated: boolean }[]>`
    select attname as name, format_type(atttypid, null) as type, attgenerated <> '' as generated
    from pg_attribute where attrelid = 'public.job'::regclass and attnum > 0 and not attisdropped
      and attname <> all (${FREE}) order by attnum`;
  return found.flatMap(({ name, type, generated }) =>
    (["ada", "service_role"] as const).flatMap((who) => {
      const expect = { status: generated ? 400 : 403, code: generated ? "428C9" : "42501" };
      const value = VALUES[type];
      if (value === undefined) {
        throw new Error(`no value of type ${type} to write into job.${name}`);
      }
      const insert = request(THEME, who, `insert a job with ${name}`, expect, "/rest/v1/job", {
        body: { job_name: "x", [name]: value },
      });
      const update = request(
        THEME,
        who,
        `update ${name}`,
        expect,
        ({ jobs }) => `/rest/v1/job?id=eq.${jobs.waits}`,
        { method: "PATCH", body: { [name]: value } },
      );
      // Servers may queue for any user.
      return name === "user_id" && who === "service_role" ? [update] : [insert, update];
    })
  );
}
