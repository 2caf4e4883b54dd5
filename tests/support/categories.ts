// What each kind of test needs running, and how its files are run.
import * as path from "node:path";
import { findFiles, projectFolder } from "./files.ts";
import { migrate } from "./migrate.ts";
import { runDenoTests } from "./deno_tests.ts";
import { installPgtap, runPgtapFile } from "./pgtap.ts";
import type { Report } from "./report.ts";
import { startTemporaryDatabase, temporaryFolder } from "./temporary.ts";

/** What was asked for on the command line. */
export interface Selection {
  filters: string[];
  /** A database of the caller's, which is used as it is; nothing is substituted then. */
  databaseUrl: string | null;
}

/** Runs one kind of tests. */
export type Category = (selection: Selection, report: Report) => Promise<void>;

/** pgTAP files on the migrated database, nothing else running. */
export const runSql: Category = async ({ filters, databaseUrl }, report) => {
  const files = await findFiles("supabase/tests", /\.sql$/, filters);
  if (files.length === 0) return;
  await withDatabase(databaseUrl, { workers: false }, async (database) => {
    await migrate(database.url);
    await installPgtap(database.adminUrl);
    for (const file of files) await runPgtapFile(database.adminUrl, file, report);
  });
};

/** What net, cron and vault must do: only a database, ours or any. */
export const runConformance: Category = async ({ filters, databaseUrl }, report) => {
  const files = await findFiles("tests/conformance", /_test\.ts$/, filters);
  if (files.length === 0) return;
  await withDatabase(databaseUrl, { workers: true }, async (database) => {
    await runDenoTests(files, databaseEnvironment(database), report);
  });
};

/** Tests that start what they need themselves: they take no database. */
export const runPrivileges: Category = async ({ filters, databaseUrl }, report) => {
  const files = await findFiles("tests/privileges", /_test\.ts$/, filters);
  if (files.length === 0) return;
  if (databaseUrl !== null) {
    console.log("privileges: left out, these tests make databases of their own");
    return;
  }
  await runDenoTests(files, {}, report);
};

/** The functions' own tests. */
export const runFunctions: Category = (selection, report) =>
  runWithStack("supabase/functions/tests", /-test\.ts$/, selection, report);

/** Tests of the whole, through the API. */
export const runEndToEnd: Category = (selection, report) =>
  runWithStack("tests/e2e", /[-_]test\.ts$/, selection, report);

async function runWithStack(
  folder: string,
  ending: RegExp,
  { filters, databaseUrl }: Selection,
  report: Report,
): Promise<void> {
  const files = await findFiles(folder, ending, filters);
  if (files.length === 0) return;
  if (databaseUrl !== null) {
    if (!process.env.TEST_API_URL) {
      console.log(
        `${folder}: left out. With --database-url they need the project's API as well: set ` +
          "TEST_API_URL, TEST_ANON_KEY, TEST_SERVICE_ROLE_KEY and TEST_JWT_SECRET.",
      );
      return;
    }
    await migrate(databaseUrl);
    const urls = { url: databaseUrl, adminUrl: databaseUrl };
    await runDenoTests(files, databaseEnvironment(urls), report);
    return;
  }

  const { startStack } = await import("../../stack/stack.ts");
  const dataDir = await temporaryFolder();
  const stack = await startStack({ dataDir, ports: "free", quiet: true });
  try {
    await migrate(stack.dbUrl);
    await runDenoTests(files, {
      ...databaseEnvironment({ url: stack.dbUrl, adminUrl: stack.adminUrl }),
      TEST_API_URL: stack.apiUrl,
      TEST_ANON_KEY: stack.anonKey,
      TEST_SERVICE_ROLE_KEY: stack.serviceRoleKey,
      TEST_JWT_SECRET: stack.jwtSecret,
    }, report);
  } finally {
    await stack.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function withDatabase(
  databaseUrl: string | null,
  options: { workers: boolean },
  use: (database: { url: string; adminUrl: string }) => Promise<void>,
): Promise<void> {
  if (databaseUrl !== null) return await use({ url: databaseUrl, adminUrl: databaseUrl });
  const database = await startTemporaryDatabase(options);
  try {
    await use(database);
  } finally {
    await database.stop();
  }
}

function databaseEnvironment(database: { url: string; adminUrl: string }): Record<string, string> {
  return {
    TEST_DATABASE_URL: database.url,
    TEST_ADMIN_URL: database.adminUrl,
    TEST_PROJECT_DIR: path.resolve(projectFolder),
  };
}
