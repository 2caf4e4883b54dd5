// Hosted projects differ in what they grant by default on new objects in public. The migrations
// write out every grant, so both kinds must end in the same privileges.
import { deepStrictEqual as equal, ok } from "node:assert";
import postgres from "postgres";
import { migrate } from "../support/migrate.ts";
import { startTemporaryDatabase } from "../support/temporary.ts";

/** Every privilege on everything in public and private, one line each. */
async function grants(defaultPrivileges: "new" | "old"): Promise<string[]> {
  const database = await startTemporaryDatabase({ defaultPrivileges });
  try {
    await migrate(database.url);
    const sql = postgres(database.adminUrl, { max: 1 });
    try {
      const rows = await sql<{ line: string }[]>`
        with objects as (
          select 'schema' as kind, nspname as name, coalesce(nspacl, acldefault('n', nspowner)) as acl
          from pg_namespace where nspname in ('public', 'private')
          union all
          select 'relation', oid::regclass::text, coalesce(relacl, acldefault(
            case relkind when 'S' then 's'::"char" else 'r' end, relowner))
          from pg_class
          where relnamespace::regnamespace::text in ('public', 'private')
            and relkind in ('r', 'p', 'v', 'm', 'S', 'f')
          union all
          select 'column', attrelid::regclass || '.' || attname, attacl
          from pg_attribute join pg_class on pg_class.oid = attrelid
          where relnamespace::regnamespace::text in ('public', 'private') and attacl is not null
          union all
          select 'function', oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner))
          from pg_proc where pronamespace::regnamespace::text in ('public', 'private')
          union all
          select 'type', oid::regtype::text, coalesce(typacl, acldefault('T', typowner))
          from pg_type
          where typnamespace::regnamespace::text in ('public', 'private') and typtype in ('e', 'd')
        )
        select format('%s %s: %s to %s%s', kind, name, privilege_type,
          case grantee when 0 then 'public' else grantee::regrole::text end,
          case when is_grantable then ' with grant option' else '' end) as line
        from objects, aclexplode(acl)
        order by line`;
      return rows.map((row) => row.line);
    } finally {
      await sql.end();
    }
  } finally {
    await database.stop();
  }
}

Deno.test("old and new default privileges end in the same grants", async () => {
  const [onNew, onOld] = [await grants("new"), await grants("old")];
  ok(onNew.length > 50, `only ${onNew.length} grants were found: were the migrations applied?`);
  const [inNew, inOld] = [new Set(onNew), new Set(onOld)];
  equal({
    onlyOnNew: onNew.filter((line) => !inOld.has(line)),
    onlyOnOld: onOld.filter((line) => !inNew.has(line)),
  }, { onlyOnNew: [], onlyOnOld: [] });
});
