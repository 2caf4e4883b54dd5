import { projectFolder } from "./command.ts";

/** A file that is generated from the migrated database, and is committed. */
export interface Generated {
  path: string;
  /** The npm script that writes it. */
  script: string;
  make(databaseUrl: string): Promise<string>;
}

/** Writes the file. */
export async function write(file: Generated, databaseUrl: string): Promise<void> {
  await Deno.writeTextFile(`${projectFolder}/${file.path}`, await file.make(databaseUrl));
  console.log(`wrote ${file.path}`);
}

/** Why the committed file is not what the migrations give; null if it is. */
export async function drift(file: Generated, databaseUrl: string): Promise<string | null> {
  const expected = await file.make(databaseUrl);
  const found = await Deno.readTextFile(`${projectFolder}/${file.path}`).catch(() => null);
  if (found === expected) return null;
  const remedy = `run npm run ${file.script} and commit the file`;
  if (found === null) return `${file.path} is missing: ${remedy}`;
  const [was, is] = [found.split("\n"), expected.split("\n")];
  const line = is.findIndex((text, i) => text !== was[i]);
  const at = line < 0 ? is.length : line;
  return `${file.path} is not what the migrations give: ${remedy}\n` +
    `line ${at + 1} is:        ${was[at] ?? "(nothing)"}\n` +
    `line ${at + 1} should be: ${is[at] ?? "(nothing)"}`;
}
