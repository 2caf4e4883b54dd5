import { join } from "node:path";
import type postgres from "postgres";

/** Names of the migrations in supabase/migrations that the database does not have yet. */
export async function pendingMigrations(sql: postgres.Sql, projectDir: string): Promise<string[]> {
  const [table] = await sql`select to_regclass('supabase_migrations.schema_migrations') as name`;
  const applied = new Set<string>();
  if (table?.name) {
    const rows = await sql`select version from supabase_migrations.schema_migrations`;
    rows.forEach((row) => applied.add(row.version));
  }
  const pending: string[] = [];
  for (const entry of Deno.readDirSync(join(projectDir, "supabase", "migrations"))) {
    const version = /^(\d+)_.*\.sql$/.exec(entry.name)?.[1];
    if (version && !applied.has(version)) pending.push(entry.name);
  }
  return pending.sort();
}

/** Applies what is pending with the Supabase CLI, as a deployment does. */
export async function pushMigrations(databaseUrl: string, projectDir: string): Promise<void> {
  const command = new Deno.Command(join(projectDir, "node_modules", ".bin", "supabase"), {
    args: ["db", "push", `--remote=${databaseUrl}`, "--yes"],
    cwd: projectDir,
    env: { DO_NOT_TRACK: "1", CI: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { success, code, stdout, stderr } = await command.output();
  if (success) return;
  const text = new TextDecoder();
  throw new Error(
    `supabase db push ended with code ${code}:\n${text.decode(stderr)}${text.decode(stdout)}\n` +
      "If migrations were edited or added in between, a local database starts afresh with: npm run reset",
  );
}
