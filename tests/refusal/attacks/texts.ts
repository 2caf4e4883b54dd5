// SQL in every text argument of every function that users may call: it is text, or it is refused.
import type postgres from "postgres";
import { type Attack, request } from "../attack.ts";

const SQL = "'; drop table public.job cascade; --";

/** What else a function needs, so that the text is what is tried. */
const NEEDED: Record<string, unknown> = {
  _job_name: "refusal-waits",
  _name: "refusal",
  _cron: "* * * * *",
  _log_message: "x",
};

/** One attack for each text argument that the catalogue has. */
export async function texts(sql: postgres.Sql): Promise<Attack[]> {
  const found = await sql<{ name: string; argument: string; needed: string[] }[]>`
    select p.proname as name, p.proargnames[place] as argument,
      array(select p.proargnames[n] from generate_series(1, p.pronargs - p.pronargdefaults) n) as needed
    from pg_proc p, unnest(p.proargtypes) with ordinality a (type, place)
    where p.pronamespace = 'public'::regnamespace and a.type = 'text'::regtype
      and p.prorettype <> 'trigger'::regtype
      and has_function_privilege('authenticated', p.oid, 'execute')
      and p.proname in (select q.proname from pg_proc q where q.pronamespace = 'public'::regnamespace)
    order by 1, place`;
  return found.map(({ name, argument, needed }) =>
    request(
      "SQL in texts",
      "eve",
      `${name}: ${argument}`,
      EXPECTED[`${name} ${argument}`] ?? { status: 400, code: "JQ422" },
      `/rest/v1/rpc/${name}`,
      ({ jobs }) => ({
        body: {
          ...Object.fromEntries(
            needed.map((key) => [key, key === "_job_id" ? jobs.waits : NEEDED[key] ?? null]),
          ),
          ...(name === "schedule_job" && argument !== "_cron" ? { _cron: "* * * * *" } : {}),
          [argument]: SQL,
        },
      }),
    )
  );
}

/** Where such a text is a fine value, or the job is not eve's. */
const EXPECTED: Record<string, Attack["expect"]> = {
  "board_set_name _job_name": { status: 400, code: "JQ403" },
  "queue_job _unique_key": { status: 200 },
  "log_job _log_message": { status: 400, code: "JQ404" },
  "schedule_job _name": { status: 200 },
  "unschedule_job _name": { status: 200 },
  "save_feed_poll _etag": { status: 200 },
};
