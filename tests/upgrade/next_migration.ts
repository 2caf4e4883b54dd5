// A migration as a later version may have one: new columns, an index, and every function again.
import type postgres from "postgres";

/** Its text: each function is replaced from its own definition. */
export async function nextMigration(sql: postgres.Sql): Promise<string> {
  const functions = await sql<{ definition: string }[]>`
    select pg_get_functiondef(p.oid) as definition from pg_proc p
    where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and p.prokind = 'f'
      and not exists (select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
    order by p.oid`;
  if (functions.length < 50) throw new Error(`found only ${functions.length} functions to replace`);
  return [
    "alter table public.job add column made_up text not null default 'before';",
    "alter table private.job_attempt add column made_up text;",
    "alter table public.job_config add column made_up integer;",
    "create index job_made_up on public.job (made_up);",
    ...functions.map(({ definition }) => `${definition.trimEnd()};`),
  ].join("\n");
}
