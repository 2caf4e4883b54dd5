// The data folder of one Postgres: where it is, what format it has, who is using it.
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { createHash, randomBytes } from "node:crypto";
import { isReachable, sharedFolder, type SystemUser } from "./program.ts";

/** Raised whenever a folder made by an older version of this code cannot be used any more. */
const FORMAT = 1;
const POSTGRES_MAJOR = "17";

/** The places inside one data folder. */
export interface Cluster {
  home: string;
  data: string;
  vaultKey: string;
  log: string;
}

/** Finds the cluster of a data folder; elsewhere, if the Postgres user cannot reach that folder. */
export async function locateCluster(dataDir: string, user: SystemUser | null): Promise<Cluster> {
  const wanted = path.resolve(dataDir);
  const home = await isReachable(wanted, user)
    ? wanted
    : path.join(sharedFolder(), createHash("sha256").update(wanted).digest("hex").slice(0, 12));
  return {
    home,
    data: path.join(home, "pgdata"),
    vaultKey: path.join(home, "vault/root.key"),
    log: path.join(home, "postgres.log"),
  };
}

/** Makes the folder and the vault's key, and gives them to the Postgres user. */
export async function prepareFolders(cluster: Cluster, user: SystemUser | null): Promise<void> {
  await fs.mkdir(path.dirname(cluster.home), { recursive: true, mode: 0o755 });
  if (path.dirname(cluster.home) === sharedFolder()) await fs.chmod(sharedFolder(), 0o755);
  await fs.mkdir(cluster.home, { recursive: true });
  await fs.mkdir(path.dirname(cluster.vaultKey), { recursive: true, mode: 0o700 });
  if (!(await exists(cluster.vaultKey))) {
    await fs.writeFile(cluster.vaultKey, randomBytes(64), { mode: 0o600 });
  }
  await fs.writeFile(cluster.log, "", { flag: "a", mode: 0o600 });
  if (user === null) return;
  for (const at of [cluster.home, path.dirname(cluster.vaultKey), cluster.vaultKey, cluster.log]) {
    await fs.chown(at, user.uid, user.gid);
  }
}

/** "new" if there is nothing yet (or only what a first start left unfinished), "ready" otherwise. */
export async function inspectCluster(cluster: Cluster): Promise<"new" | "ready"> {
  if (!(await exists(cluster.data))) return "new";
  const version = await read(path.join(cluster.data, "PG_VERSION"));
  const format = await read(path.join(cluster.home, "format"));
  if (format === null && await exists(path.join(cluster.home, "unfinished"))) {
    await fs.rm(cluster.data, { recursive: true, force: true });
    return "new";
  }
  if (version === POSTGRES_MAJOR && format === String(FORMAT)) return "ready";
  throw new Error(
    `The database in ${cluster.home} was made by Postgres ${
      version ?? "(unknown)"
    }, folder format ` +
      `${
        format ?? "(unknown)"
      }; this project needs Postgres ${POSTGRES_MAJOR}, format ${FORMAT}. ` +
      "Start afresh with: npm run reset (this deletes the local database).",
  );
}

/** Marks the beginning of the first start, so that one cut short begins anew the next time. */
export async function markUnfinished(cluster: Cluster): Promise<void> {
  await fs.writeFile(path.join(cluster.home, "unfinished"), "");
}

/** Marks the end of the first start. */
export async function markReady(cluster: Cluster): Promise<void> {
  await fs.writeFile(path.join(cluster.home, "format"), String(FORMAT));
  await fs.rm(path.join(cluster.home, "unfinished"), { force: true });
}

/** The pid of a postmaster that runs on this data folder now, or null. */
export async function runningPostmaster(cluster: Cluster): Promise<number | null> {
  const pid = Number((await read(path.join(cluster.data, "postmaster.pid")))?.split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return null;
  // The pid may have been given to another program since: only a Postgres on this folder counts.
  const command = await read(`/proc/${pid}/cmdline`);
  return command === null || command.includes(cluster.data) ? pid : null;
}

/** Remembers that this process is the one that runs the postmaster. */
export async function writeOwner(cluster: Cluster): Promise<void> {
  await fs.writeFile(path.join(cluster.home, "owner.pid"), String(process.pid));
}

/** The pid of the living process that started the postmaster, or null if it is gone. */
export async function livingOwner(cluster: Cluster): Promise<number | null> {
  const pid = Number(await read(path.join(cluster.home, "owner.pid")));
  if (!Number.isInteger(pid) || pid <= 1 || !isAlive(pid)) return null;
  const command = await read(`/proc/${pid}/cmdline`);
  return command === null || /deno|node/.test(command) ? pid : null;
}

/** Whether a process of this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}

async function exists(file: string): Promise<boolean> {
  return await fs.stat(file).then(() => true, () => false);
}

async function read(file: string): Promise<string | null> {
  return await fs.readFile(file, "utf8").then((text) => text.trim(), () => null);
}
