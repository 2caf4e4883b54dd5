// Puts our extensions and pgTAP where `create extension` finds them.
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ours = fileURLToPath(new URL("../../extensions", import.meta.url));

/** Copies pg_net, pg_cron, supabase_vault and pgTAP into Postgres' extension folder. */
export async function installExtensions(native: string): Promise<void> {
  const target = path.join(native, "share/postgresql/extension");
  for (const name of ["pg_net", "pg_cron", "supabase_vault"]) {
    for (const file of await fs.readdir(path.join(ours, name))) {
      if (/\.(control|sql)$/.test(file)) await place(path.join(ours, name, file), target);
    }
  }
  await installPgtap(target);
}

async function place(file: string, folder: string): Promise<void> {
  const target = path.join(folder, path.basename(file));
  const content = await fs.readFile(file, "utf8");
  if (content === await fs.readFile(target, "utf8").catch(() => null)) return;
  // Renamed into place: another stack may be creating the extension at this moment.
  const unfinished = `${target}.${process.pid}`;
  await fs.writeFile(unfinished, content, { mode: 0o644 });
  await fs.rename(unfinished, target);
}

async function installPgtap(target: string): Promise<void> {
  if (await fs.stat(path.join(target, "pgtap.control")).catch(() => null)) return;
  const pglite = createRequire(import.meta.url).resolve("@electric-sql/pglite");
  const archive = path.join(path.dirname(pglite), "pgtap.tar.gz");
  const folder = await fs.mkdtemp(`${target}.pgtap-`);
  try {
    await promisify(execFile)("tar", ["-xzf", archive, "-C", folder]);
    const unpacked = path.join(folder, "share/postgresql/extension");
    for (const file of ["pgtap--1.3.5.sql", "pgtap.control"]) {
      await place(path.join(unpacked, file), target);
    }
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}
