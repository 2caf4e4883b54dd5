// What each kind of test needs running, and how its files are run.
import * as path from "node:path";
import { type Stack, startStack } from "../../stack/stack.ts";
import { findFiles, projectFolder } from "./files.ts";
import { migrate } from "./migrate.ts";
import { runDenoTests, runProgram } from "./deno_tests.ts";
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

/** The SQL from really concurrent sessions, on the migrated database, nothing else running. */
export const runConcurrency: Category = async ({ filters, databaseUrl }, report) => {
  const files = await findFiles("tests/concurrency", /_test\.ts$/, filters);
  if (files.length === 0) return;
  await withDatabase(databaseUrl, { workers: false }, async (database) => {
    await migrate(database.url);
    await runDenoTests(files, databaseEnvironment(database), report);
  });
};

/** What net, cron and vault must do: only a database, ours or any. */
export const runConformance: Category = async ({ filters, databaseUrl }, report) => {
  const files = await findFiles("tests/conformance", /_test\.ts$/, filters);
  if (files.length === 0) return;
  await withDatabase(databaseUrl, { workers: true }, async (database) => {
    await runDenoTests(files, databaseEnvironment(database), report, { parallel: true });
  });
};

/** Tests of the local parts. */
export const runStack: Category = (selection, report) => runAlone("tests/stack", selection, report);

/** Tests of what an operator uses: doctor, vault, snippets, views, schedules. */
export const runOps: Category = (selection, report) => runAlone("tests/ops", selection, report);

/** The short form of `npm run fuzz`. */
export const runFuzz: Category = (selection, report) => runAlone("tests/fuzz", selection, report);

/** One pass of `npm run upgrade`. */
export const runUpgrade: Category = (selection, report) =>
  runAlone("tests/upgrade", selection, report);

/** The short form of `npm run chaos`. */
export const runChaos: Category = (selection, report) => runAlone("tests/chaos", selection, report);

/** The short form of `npm run bench load`. */
export const runBench: Category = (selection, report) => runAlone("tests/bench", selection, report);

/** Tests that start what they need themselves, files side by side: they take no database. */
async function runAlone(
  folder: string,
  { filters, databaseUrl }: Selection,
  report: Report,
): Promise<void> {
  const files = await findFiles(folder, /_test\.ts$/, filters);
  if (files.length === 0) return;
  if (databaseUrl !== null) {
    console.log(`${folder}: left out, these tests make databases of their own`);
    return;
  }
  await runDenoTests(files, {}, report, { parallel: true });
}

/** Push to deploy, with real parts: a program of its own, because it installs what it needs. */
export const runDeploy: Category = ({ filters, databaseUrl }, report) =>
  filters.length > 0 || databaseUrl !== null
    ? Promise.resolve()
    : runProgram("tests/deploy/run.ts", report);

/**
 * The functions' own tests, against a runtime in memory, and those of what is written about them:
 * they need nothing running.
 */
export const runFunctions: Category = async ({ filters }, report) => {
  const files = [
    ...await findFiles("supabase/functions/tests", /-test\.ts$/, filters),
    ...await findFiles("tests/functions", /_test\.ts$/, filters),
  ];
  if (files.length > 0) await runDenoTests(files, {}, report);
};

/**
 * Tests of the whole, through the API: on a stack of their own; with a database of the caller's, on
 * the API and the functions attached to it, or on its own API if TEST_API_URL and the keys are set.
 */
export const runEndToEnd: Category = async ({ filters, databaseUrl }, report) => {
  const files = [
    ...await findFiles("tests/e2e", /[-_]test\.ts$/, filters),
    ...await findFiles("tests/refusal", /_test\.ts$/, filters),
  ];
  if (files.length === 0) return;
  if (databaseUrl !== null && process.env.TEST_API_URL) {
    await migrate(databaseUrl);
    const urls = { url: databaseUrl, adminUrl: databaseUrl };
    return await runDenoTests(files, databaseEnvironment(urls), report);
  }
  const stack = await sharedStack(databaseUrl);
  await runDenoTests(files, {
    ...databaseEnvironment({ url: stack.dbUrl, adminUrl: stack.adminUrl ?? stack.dbUrl }),
    TEST_API_URL: stack.apiUrl,
    TEST_ANON_KEY: stack.anonKey,
    TEST_SERVICE_ROLE_KEY: stack.serviceRoleKey,
    TEST_JWT_SECRET: stack.jwtSecret,
  }, report);
};

let running: { stack: Stack; dataDir: string } | null = null;

/** The one stack of a run, booted by the first category that needs it. */
async function sharedStack(databaseUrl: string | null): Promise<Stack> {
  if (running === null) {
    const dataDir = await temporaryFolder();
    const stack = await startStack({
      dataDir,
      databaseUrl: databaseUrl ?? undefined,
      ports: "free",
      fsync: false,
      quiet: true,
    });
    running = { stack, dataDir };
  }
  return running.stack;
}

/** Stops the stack, if one was booted. */
export async function stopSharedStack(): Promise<void> {
  if (running === null) return;
  await running.stack.stop();
  await Deno.remove(running.dataDir, { recursive: true });
  running = null;
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
