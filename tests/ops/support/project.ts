// A running stack on a copy of the project that a test may spoil.
import * as fs from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import { type Stack, startStack } from "../../../stack/stack.ts";
import { projectFolder } from "../../support/files.ts";
import { temporaryFolder } from "../../support/temporary.ts";

/** The copy, its stack, and a session as postgres. */
export interface Spoilable {
  projectDir: string;
  stack: Stack;
  sql: postgres.Sql;
}

/** Starts the stack of a copy of the project; both are gone when `use` ends. */
export async function withSpoilableProject(use: (given: Spoilable) => Promise<void>) {
  const folder = await temporaryFolder();
  const projectDir = join(folder, "project");
  await fs.mkdir(projectDir);
  await fs.cp(join(projectFolder, "supabase"), join(projectDir, "supabase"), { recursive: true });
  for (const name of ["package.json", "deno.json"]) {
    await fs.copyFile(join(projectFolder, name), join(projectDir, name));
  }
  await fs.symlink(join(projectFolder, "node_modules"), join(projectDir, "node_modules"));
  const dataDir = join(folder, "data");
  const stack = await startStack({ projectDir, dataDir, ports: "free", quiet: true, fsync: false });
  const sql = postgres(stack.dbUrl, { max: 1, onnotice: () => {} });
  try {
    await use({ projectDir, stack, sql });
  } finally {
    await sql.end();
    await stack.stop();
    await fs.rm(folder, { recursive: true, force: true });
  }
}

/** Changes a file of the copy; the returned function undoes it. */
export async function edit(path: string, change: (text: string) => string) {
  const before = await Deno.readTextFile(path);
  const after = change(before);
  if (after === before) throw new Error(`nothing to change in ${path}`);
  await Deno.writeTextFile(path, after);
  return () => Deno.writeTextFile(path, before);
}
