// What there is to call and to write to, as the database's catalogue has it: nothing can be forgotten.
import type postgres from "postgres";

export interface Argument {
  name: string;
  type: string;
  optional: boolean;
}

/** A function of schema public or private that is no trigger and no extension's. */
export interface Callable {
  schema: "public" | "private";
  name: string;
  args: Argument[];
  /** API roles that may call it. */
  callers: string[];
}

/** A table of schema public, and what each role may do with each column. */
export interface Table {
  name: string;
  columns: { name: string; type: string; insert: string[]; update: string[] }[];
  /** Roles that may read, and that may delete. */
  select: string[];
  delete: string[];
}

export interface Catalog {
  functions: Callable[];
  tables: Table[];
}

const ROLES = "'{anon,authenticated,service_role}'::text[]";

/** Reads the catalogue. */
export async function readCatalog(sql: postgres.Sql): Promise<Catalog> {
  const functions = await sql.unsafe<Callable[]>(`
    select n.nspname as schema, p.proname as name,
      array(select r from unnest(${ROLES}) r where has_function_privilege(r, p.oid, 'execute')
        and has_schema_privilege(r, n.oid, 'usage')) as callers,
      coalesce((select json_agg(json_build_object('name', p.proargnames[place],
          'type', format_type(type, null), 'optional', place > p.pronargs - p.pronargdefaults)
          order by place)
        from unnest(p.proargtypes) with ordinality a (type, place)), '[]') as args
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', 'private') and p.prokind = 'f'
      and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
      and not exists (select from pg_depend d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
    order by 1, p.oid::regprocedure::text collate "C"`);
  const tables = await sql.unsafe<Table[]>(`
    select c.relname as name,
      array(select r from unnest(${ROLES}) r where has_table_privilege(r, c.oid, 'select')) as select,
      array(select r from unnest(${ROLES}) r where has_table_privilege(r, c.oid, 'delete')) as delete,
      (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, null),
          'insert', array(select r from unnest(${ROLES}) r
            where has_column_privilege(r, c.oid, a.attnum, 'insert')),
          'update', array(select r from unnest(${ROLES}) r
            where has_column_privilege(r, c.oid, a.attnum, 'update'))) order by a.attnum)
        from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
    order by 1`);
  return { functions, tables };
}
