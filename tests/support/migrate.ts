// Applies the migrations with the real CLI, as a user does.
//   deno run -A tests/support/migrate.ts postgresql://postgres:postgres@127.0.0.1:54322/postgres
import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import { projectFolder } from "./files.ts";

/** Runs `supabase db push` against a database. */
export async function migrate(databaseUrl: string, includeSeed = false): Promise<void> {
  const cli = path.join(projectFolder, "node_modules/.bin/supabase");
  const flags = includeSeed ? ["--include-seed"] : [];
  try {
    await promisify(execFile)(cli, ["db", "push", `--remote=${databaseUrl}`, "--yes", ...flags], {
      cwd: projectFolder,
      env: { ...process.env, DO_NOT_TRACK: "1" },
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`supabase db push failed:\n${stdout ?? ""}${stderr ?? error}`, {
      cause: error,
    });
  }
}

if (import.meta.main) {
  const [databaseUrl] = Deno.args;
  if (!databaseUrl) {
    console.error("Which database? deno run -A tests/support/migrate.ts DATABASE_URL");
    Deno.exit(2);
  }
  await migrate(databaseUrl);
}
