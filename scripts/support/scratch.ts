import { startPostgres } from "../../stack/services/postgres.ts";
import { output, supabaseCli } from "./command.ts";

/** A temporary database with the migrations applied; it is gone when `use` ends. */
export async function withMigratedDatabase<T>(
  use: (database: { url: string; adminUrl: string }) => Promise<T>,
): Promise<T> {
  const dataDir = await Deno.makeTempDir({ prefix: "supabase-job-template-" });
  await Deno.chmod(dataDir, 0o755);
  try {
    const database = await startPostgres({ dataDir, port: 0, fsync: false });
    try {
      // Without it the CLI says on stdout, between what it generates, that it connects without TLS.
      const url = `${database.url}?sslmode=disable`;
      await output(supabaseCli, ["db", "push", `--remote=${url}`, "--yes"]);
      return await use({ url, adminUrl: database.adminUrl });
    } finally {
      await database.stop();
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}
