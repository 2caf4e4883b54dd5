// npm run check: everything that can be said about the project without running it.
import postgres from "postgres";
import { importMapFlags } from "../stack/std/jsr.ts";
import { readFunctions, readTables } from "./support/catalog.ts";
import { run, supabaseCli } from "./support/command.ts";
import { drift } from "./support/generated.ts";
import { withMigratedDatabase } from "./support/scratch.ts";
import { reference } from "./reference.ts";
import { types } from "./types.ts";

/** Runs a step and prints how it went; its value is what is wrong, or null. */
async function step(name: string, problem: () => Promise<string | null>): Promise<boolean> {
  const started = performance.now();
  const found = await problem().catch((error) =>
    error instanceof Error ? error.message : `${error}`
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${found === null ? "ok    " : "failed"}  ${name} (${seconds} s)`);
  if (found !== null) console.log(found.trim().replace(/^/gm, "        "));
  return found === null;
}

async function deno(...args: string[]): Promise<string | null> {
  const { success, stdout, stderr } = await run(Deno.execPath(), args);
  return success ? null : withoutProgress(stderr + stdout);
}

/** Deno names every file it checks, whatever becomes of it. */
function withoutProgress(text: string): string {
  return text.split("\n").filter((line) => !line.startsWith("Check ")).join("\n");
}

async function advisors(databaseUrl: string): Promise<string | null> {
  const { success, stdout, stderr } = await run(supabaseCli, [
    "db",
    "advisors",
    `--remote=${databaseUrl}`,
    "--level=warn",
    "--fail-on=warn",
  ]);
  return success ? null : stdout || stderr;
}

/** The lints of exposed schemas are silent where the API's setting is missing. */
async function exposedSchemas(databaseUrl: string): Promise<string | null> {
  const sql = postgres(databaseUrl, { max: 1 });
  const [row] = await sql`select current_setting('pgrst.db_schemas', true) as schemas`;
  await sql.end();
  const schemas: string = row?.schemas ?? "";
  return schemas.includes("public")
    ? null
    : `expected pgrst.db_schemas to name public, found "${schemas}": the advisors would not look at it`;
}

/** Every table, column and function says what it is: the dashboard and the reference show it. */
async function comments(databaseUrl: string): Promise<string | null> {
  const sql = postgres(databaseUrl, { max: 1 });
  const missing: string[] = [];
  for (const schema of ["public", "private"]) {
    for (const fn of await readFunctions(sql, schema)) {
      if (!fn.comment) missing.push(`function ${schema}.${fn.name}(${fn.arguments})`);
    }
    for (const table of await readTables(sql, schema)) {
      if (!table.comment) missing.push(`${table.kind} ${schema}.${table.name}`);
      for (const column of table.columns) {
        if (!column.comment) missing.push(`column ${schema}.${table.name}.${column.name}`);
      }
    }
  }
  await sql.end();
  return missing.length === 0 ? null : `without a comment:\n${missing.join("\n")}`;
}

const imports = await importMapFlags(console.log);
const results = [
  await step("deno fmt --check", () => deno("fmt", "--check")),
  await step("deno lint", () => deno("lint")),
  await step("deno check", () => deno("check", ...imports, ".")),
];
try {
  await withMigratedDatabase(async ({ url }) => {
    results.push(
      await step("pgrst.db_schemas is set", () => exposedSchemas(url)),
      await step("supabase db advisors", () => advisors(url)),
      await step("comments in the database", () => comments(url)),
      await step(types.path, () => drift(types, url)),
      await step(reference.path, () => drift(reference, url)),
    );
  });
} catch (error) {
  results.push(await step("migrations", () => Promise.reject(error)));
}

const failed = results.filter((ok) => !ok).length;
console.log(failed === 0 ? "everything is ok" : `${failed} of ${results.length} steps failed`);
Deno.exit(failed === 0 ? 0 : 1);
