// A Postgres 17 with the roles, schemas and extensions of a hosted Supabase project, from an npm
// package, for development and tests.
import * as fs from "node:fs/promises";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import postgres from "postgres";
import {
  type Cluster,
  inspectCluster,
  isAlive,
  livingOwner,
  locateCluster,
  markReady,
  markUnfinished,
  prepareFolders,
  runningPostmaster,
  writeOwner,
} from "./postgres/cluster.ts";
import { bootstrap } from "./postgres/bootstrap.ts";
import { installExtensions } from "./postgres/extensions.ts";
import { freePort, requireFreePort } from "./postgres/ports.ts";
import { nativeFolder, sharedFolder, type SystemUser, systemUser } from "./postgres/program.ts";

const PASSWORD = "postgres";

/** What to start. */
export interface PostgresOptions {
  /** Where the data, the vault's key and the log are kept. */
  dataDir: string;
  /** The port on 127.0.0.1; 0 = a free one. */
  port: number;
  log?: (line: string) => void;
  /** What the API roles get on new objects in public: nothing ("new", the default) or all ("old"). */
  defaultPrivileges?: "new" | "old";
  /** False only for tests: faster, but a crash of the machine loses data. Default true. */
  fsync?: boolean;
}

/** A running Postgres. */
export interface Postgres {
  port: number;
  pid: number;
  /** As the non-superuser `postgres`, as migrations run on hosted Supabase. */
  url: string;
  /** As the superuser `supabase_admin`. */
  adminUrl: string;
  logFile: string;
  stop(): Promise<void>;
}

/** Starts Postgres on a data folder; the first start on a folder makes the database. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const log = options.log ?? (() => {});
  const user = await systemUser();
  const native = await nativeFolder(user);
  const cluster = await locateCluster(options.dataDir, user);
  if (cluster.home !== path.resolve(options.dataDir)) {
    log(`the user postgres cannot reach ${options.dataDir}: the database is in ${cluster.home}`);
  }

  await stopLeftBehind(cluster, log);
  const state = await inspectCluster(cluster);
  const port = options.port === 0 ? await freePort() : options.port;
  await requireFreePort(port, "Postgres");
  await prepareFolders(cluster, user);
  await installExtensions(native);
  if (state === "new") {
    await markUnfinished(cluster);
    await initdb(native, cluster, user);
  }

  await writeOwner(cluster);
  const url = (role: string) => `postgresql://${role}:${PASSWORD}@127.0.0.1:${port}/postgres`;
  const adminUrl = url("supabase_admin");
  const child = await launch(
    () => spawnPostmaster(native, cluster, user, port, options.fsync ?? true),
    adminUrl,
    cluster,
  );
  try {
    if (state === "new") {
      await bootstrap(adminUrl, options.defaultPrivileges ?? "new");
      await markReady(cluster);
    }
  } catch (error) {
    await stopProcess(child.pid!);
    throw error;
  }
  log(`Postgres listens on 127.0.0.1:${port}, data in ${cluster.home}`);
  return {
    port,
    pid: child.pid!,
    url: url("postgres"),
    adminUrl,
    logFile: cluster.log,
    stop: () => stopProcess(child.pid!),
  };
}

/** Deletes the database of a data folder, wherever it is kept. It must not be running. */
export async function removePostgresData(dataDir: string): Promise<void> {
  const cluster = await locateCluster(dataDir, await systemUser());
  const pid = await runningPostmaster(cluster);
  if (pid !== null) {
    throw new Error(
      `Postgres (pid ${pid}) still runs on ${cluster.home}: stop it first (npm stop).`,
    );
  }
  for (const name of ["pgdata", "vault", "format", "unfinished", "owner.pid", "postgres.log"]) {
    await fs.rm(path.join(cluster.home, name), { recursive: true, force: true });
  }
  // Both only if nothing else is in them.
  await fs.rmdir(cluster.home).catch(() => {});
  if (path.dirname(cluster.home) === sharedFolder()) await fs.rmdir(sharedFolder()).catch(() => {});
}

/** A postmaster outlives a parent that was killed: the next start stops it and takes over. */
async function stopLeftBehind(cluster: Cluster, log: (line: string) => void): Promise<void> {
  const pid = await runningPostmaster(cluster);
  if (pid === null) return;
  const owner = await livingOwner(cluster);
  if (owner !== null) {
    throw new Error(
      `Another stack (pid ${owner}) already runs Postgres (pid ${pid}) on ${cluster.home}. ` +
        "Stop it first: npm stop.",
    );
  }
  log(`stopping the Postgres (pid ${pid}) that a killed stack left behind`);
  await stopProcess(pid);
}

async function initdb(native: string, cluster: Cluster, user: SystemUser | null): Promise<void> {
  const passwordFile = path.join(cluster.home, "initdb-password");
  await fs.writeFile(passwordFile, PASSWORD, { mode: 0o600 });
  if (user !== null) await fs.chown(passwordFile, user.uid, user.gid);
  try {
    await promisify(execFile)(path.join(native, "bin/initdb"), [
      `--pgdata=${cluster.data}`,
      "--username=supabase_admin",
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--locale=C",
      "--no-sync",
      "--no-instructions",
    ], { ...user, cwd: "/", env: environment() });
  } catch (error) {
    throw new Error(`initdb could not make a database in ${cluster.data}: ${error}`, {
      cause: error,
    });
  } finally {
    await fs.rm(passwordFile, { force: true });
  }
}

function spawnPostmaster(
  native: string,
  cluster: Cluster,
  user: SystemUser | null,
  port: number,
  fsync: boolean,
): ChildProcess {
  const settings: Record<string, string | number> = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: 200,
    shared_buffers: "128MB",
    wal_level: "logical",
    fsync: fsync ? "on" : "off",
    timezone: "UTC",
    log_timezone: "UTC",
    log_line_prefix: "%m [%p] %q%u@%d ",
    "cron.database_name": "postgres",
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  // Into a file, by the shell: a pipe to us would break when we are killed, and Postgres lives on.
  const child = spawn("/bin/sh", [
    "-c",
    'log=$1; shift; exec "$@" >>"$log" 2>&1',
    "sh",
    cluster.log,
    path.join(native, "bin/postgres"),
    "-D",
    cluster.data,
    ...flags,
  ], { ...user, cwd: "/", env: environment(), stdio: "ignore", detached: true });
  child.unref();
  return child;
}

function environment(): Record<string, string> {
  return { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
}

/**
 * Spawns until it is ready. The sessions of a postmaster that was killed may live on for a moment
 * and hold its shared memory: a new one refuses to start as long.
 */
async function launch(
  spawnOnce: () => ChildProcess,
  adminUrl: string,
  cluster: Cluster,
): Promise<ChildProcess> {
  const deadline = Date.now() + 60_000;
  while (true) {
    const logStart = (await fs.stat(cluster.log)).size;
    const child = spawnOnce();
    if (await becomesReady(adminUrl, child, deadline)) return child;
    await stopProcess(child.pid!);
    const said = (await fs.readFile(cluster.log)).subarray(logStart).toString().trim();
    const isHeld = /shared memory block .* is still in use|lock file .* already exists/.test(said);
    if (!isHeld || Date.now() > deadline) {
      const tail = said.split("\n").slice(-8).join("\n");
      throw new Error(`Postgres did not start. The end of ${cluster.log}:\n${tail}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function becomesReady(url: string, child: ChildProcess, deadline: number): Promise<boolean> {
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} });
    try {
      await sql`select 1`;
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
  return false;
}

/** Fast shutdown; an immediate one if that takes longer than 15 seconds. */
async function stopProcess(pid: number): Promise<void> {
  for (const [signal, seconds] of [["SIGINT", 15], ["SIGQUIT", 10], ["SIGKILL", 5]] as const) {
    if (!isAlive(pid)) return;
    process.kill(pid, signal);
    for (let waited = 0; waited < seconds * 20 && isAlive(pid); waited++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  if (isAlive(pid)) throw new Error(`Postgres (pid ${pid}) does not stop.`);
}
