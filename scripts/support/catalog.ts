import type postgres from "postgres";

/** A function as the reference shows it. */
export interface SqlFunction {
  name: string;
  arguments: string;
  returns: string;
  comment: string | null;
  /** The API roles that may call it. */
  callers: string[];
}

/** A table or view as the reference shows it. */
export interface SqlTable {
  name: string;
  kind: "table" | "view";
  comment: string | null;
  columns: { name: string; type: string; comment: string | null }[];
}

/** The functions of a schema that belong to no extension, by name. */
export async function readFunctions(sql: postgres.Sql, schema: string): Promise<SqlFunction[]> {
  return await sql<SqlFunction[]>`
    select p.proname as name, pg_get_function_arguments(p.oid) as arguments,
      pg_get_function_result(p.oid) as returns, obj_description(p.oid, 'pg_proc') as comment,
      array(select r.name
        from unnest('{anon,authenticated,service_role}'::text[]) with ordinality r (name, place)
        where has_function_privilege(r.name, p.oid, 'execute')
          and has_schema_privilege(r.name, p.pronamespace, 'usage')
        order by r.place) as callers
    from pg_proc p
    where p.pronamespace = to_regnamespace(${schema})
      and not exists (select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
    order by p.proname collate "C", pg_get_function_arguments(p.oid) collate "C"`;
}

/** The tables and views of a schema, by name. */
export async function readTables(sql: postgres.Sql, schema: string): Promise<SqlTable[]> {
  return await sql<SqlTable[]>`
    select c.relname as name, case c.relkind when 'v' then 'view' else 'table' end as kind,
      obj_description(c.oid, 'pg_class') as comment,
      (select json_agg(json_build_object('name', a.attname,
          'type', format_type(a.atttypid, a.atttypmod),
          'comment', col_description(c.oid, a.attnum)) order by a.attnum)
        from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_class c
    where c.relnamespace = to_regnamespace(${schema}) and c.relkind in ('r', 'p', 'v')
      and not exists (select from pg_depend d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    order by c.relname collate "C"`;
}
