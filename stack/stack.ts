import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { foreignRoleUrls, ownRoleUrls } from "./attach.ts";
import { readConfig } from "./config.ts";
import { deriveKeys, type Keys } from "./keys.ts";
import { pendingMigrations, pushMigrations } from "./migrate.ts";
import { seedVault } from "./seed_vault.ts";
import type { ApiSettings } from "./services/api.ts";
import { type Process, superviseProgram } from "./services/child.ts";
import { type Database, superviseDatabase } from "./services/database.ts";
import type { FunctionsSettings } from "./services/functions.ts";
import type { Limits } from "./services/functions/worker.ts";
import { freePort, requireFreePort } from "./services/postgres/ports.ts";
import { jsrAnswers, SAID } from "./std/jsr.ts";

export interface StackOptions {
  /** Where the data and the logs are kept. */
  dataDir: string;
  /** Default: the ports of supabase/config.toml. "free": any that are free. */
  ports?: { api: number; db: number; studio: number } | "free";
  /** Default: `<projectDir>/supabase/functions`. */
  functionsDir?: string;
  /** Default: the folder this file's project is in. */
  projectDir?: string;
  /** Attach to this Postgres, which has the real extensions, instead of starting one. */
  databaseUrl?: string;
  /** Apply pending migrations. Default true. */
  migrate?: boolean;
  /** Limits of the function processes. Default: boot 15 s, idle 150 s, wall clock 400 s, no CPU limit. */
  limits?: Partial<Limits>;
  /** More environment for the functions. */
  secrets?: Record<string, string>;
  /** verify_jwt of functions, over what config.toml says. */
  verifyJwt?: Record<string, boolean>;
  defaultPrivileges?: "new" | "old";
  fsync?: boolean;
  /** Progress, a line at a time. */
  log?: (line: string) => void;
  quiet?: boolean;
}

export interface StackProcesses {
  /** The stack's own Postgres, net worker and cron scheduler; absent with `databaseUrl`. */
  postgres?: Process;
  net?: Process;
  cron?: Process;
  api: Process;
  functions: Process;
}

export interface FunctionProcess {
  name: string;
  pid: number;
  retired: boolean;
  inFlight: number;
}

/** A running stack. */
export interface Stack extends Keys {
  apiUrl: string;
  dbUrl: string;
  adminUrl: string;
  studioUrl: string;
  functionsPort: number;
  processes: StackProcesses;
  logDir: string;
  /** The function processes that run now. */
  functionProcesses(): Promise<FunctionProcess[]>;
  stop(): Promise<void>;
}

const LIMITS: Limits = { boot: 15, idle: 150, wallClock: 400, cpu: 0 };

/** Boots the whole stack; resolves when the API answers. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const stops: (() => Promise<void>)[] = [];
  try {
    return await start(options, stops);
  } catch (error) {
    await stopAll(stops);
    throw error;
  }
}

async function start(options: StackOptions, stops: (() => Promise<void>)[]): Promise<Stack> {
  const here = dirname(fileURLToPath(import.meta.url));
  const projectDir = resolve(options.projectDir ?? dirname(here));
  const dataDir = resolve(options.dataDir);
  const logDir = join(dataDir, "logs");
  const log = options.quiet ? () => {} : options.log ?? (() => {});
  const config = readConfig(projectDir);
  const jsrKnown = jsrAnswers();
  const keys = await deriveKeys();
  const ports = await choosePorts(options, config.ports);
  Deno.mkdirSync(logDir, { recursive: true });

  let database: Database | undefined;
  if (!options.databaseUrl) {
    log("starting Postgres");
    database = await superviseDatabase({
      dataDir: join(dataDir, "db"),
      port: ports.db,
      log,
      defaultPrivileges: options.defaultPrivileges,
      fsync: options.fsync,
    });
    stops.push(database.stop);
  }
  const dbUrl = database?.url ?? options.databaseUrl!;
  const adminUrl = database?.adminUrl ?? dbUrl;
  const apiUrl = `http://127.0.0.1:${ports.api}`;
  if (database) await installSchemaReload(adminUrl);

  const supervised: Process[] = database ? [database] : [];
  const stop = async () => {
    supervised.forEach((process) => process.setAutoRestart(false));
    await stopAll(stops);
  };

  const program = (name: string, path: string, more: { args?: string[]; settings?: unknown }) =>
    superviseProgram({
      name,
      script: join(here, path),
      args: more.args,
      env: more.settings ? { STACK_SETTINGS: JSON.stringify(more.settings) } : {},
      logFile: join(logDir, `${name}.log`),
      saysReady: more.settings !== undefined,
    }).then((process) => {
      stops.push(process.stop);
      supervised.push(process);
      return process;
    });

  const jsr = await jsrKnown;
  if (!jsr) log(SAID);
  const functionsSettings: FunctionsSettings = {
    port: ports.functions,
    functionsDir: resolve(options.functionsDir ?? join(projectDir, "supabase", "functions")),
    projectDir,
    logDir: join(logDir, "functions"),
    keys,
    apiUrl,
    databaseUrl: dbUrl,
    verifyJwt: { ...config.verifyJwt, ...options.verifyJwt },
    limits: { ...LIMITS, ...options.limits },
    jsr,
    secrets: options.secrets,
  };
  const apiSettings: ApiSettings = {
    port: ports.api,
    studioPort: ports.studio,
    functionsPort: ports.functions,
    databaseUrl: dbUrl,
    ...(database ? ownRoleUrls(adminUrl) : await foreignRoleUrls(dbUrl)),
    keys,
    schemas: config.schemas,
    extraSearchPath: config.extraSearchPath,
    maxRows: config.maxRows,
    siteUrl: config.siteUrl,
    jwtExpiry: config.jwtExpiry,
    minimumPasswordLength: config.minimumPasswordLength,
  };
  Deno.mkdirSync(functionsSettings.logDir, { recursive: true });

  log("starting REST, Auth, the dashboard and the functions");
  const services = Promise.all([
    program("functions", "services/functions.ts", { settings: functionsSettings }),
    program("api", "services/api.ts", { settings: apiSettings }),
  ]);
  services.catch(() => {});
  await prepareDatabase({ options, dbUrl, projectDir, apiUrl, keys, log });
  const [functions, api] = await services;

  const processes: StackProcesses = { postgres: database, api, functions };
  if (database) {
    const args = ["--database-url", adminUrl, "--exit-with-stdin"];
    processes.net = await program("net", "extensions/pg_net/worker.ts", { args });
    processes.cron = await program("cron", "extensions/pg_cron/scheduler.ts", { args });
  }

  return {
    ...keys,
    apiUrl,
    dbUrl,
    adminUrl,
    studioUrl: `http://127.0.0.1:${ports.studio}`,
    functionsPort: ports.functions,
    processes,
    logDir,
    functionProcesses: async () =>
      await (await fetch(`http://127.0.0.1:${ports.functions}/_workers`)).json(),
    stop,
  };
}

/** Stops in the opposite order of starting. */
async function stopAll(stops: (() => Promise<void>)[]): Promise<void> {
  for (const stop of stops.splice(0).reverse()) await stop();
}

interface Ports {
  api: number;
  db: number;
  studio: number;
  functions: number;
}

async function choosePorts(
  options: StackOptions,
  configured: { api: number; db: number; studio: number },
): Promise<Ports> {
  const functions = await freePort();
  if (options.ports === "free") {
    return { api: await freePort(), db: await freePort(), studio: await freePort(), functions };
  }
  const ports = { ...(options.ports ?? configured), functions };
  await requireFreePort(ports.api, "the API");
  await requireFreePort(ports.studio, "the dashboard");
  return ports;
}

async function installSchemaReload(adminUrl: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    const script = await Deno.readTextFile(new URL("./schema_reload.sql", import.meta.url));
    await sql.unsafe(script).simple();
  } finally {
    await sql.end();
  }
}

async function prepareDatabase(given: {
  options: StackOptions;
  dbUrl: string;
  projectDir: string;
  apiUrl: string;
  keys: Keys;
  log: (line: string) => void;
}): Promise<void> {
  const { options, dbUrl, projectDir, apiUrl, keys, log } = given;
  const sql = postgres(dbUrl, { max: 1, onnotice: () => {} });
  try {
    const pending = options.migrate === false ? [] : await pendingMigrations(sql, projectDir);
    if (pending.length > 0) {
      log(`applying ${pending.length} migrations: supabase db push`);
      await pushMigrations(dbUrl, projectDir);
    }
    await seedVault(sql, { apiUrl, jwtSecret: keys.jwtSecret });
    await sql`notify pgrst, 'reload schema'`;
  } finally {
    await sql.end();
  }
}
