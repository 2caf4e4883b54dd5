import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BodySchema, JobDefinition } from "../../supabase/functions/_shared/job/define_job.ts";

/** Takes any body: for functions that tell nobody what they want. */
const anything: BodySchema = {
  "~standard": { version: 1, vendor: "none", validate: (value) => ({ value }) },
};

/**
 * The definition in a function's job.ts; null if it has no such file. Throws naming the known
 * functions if there is none of this name.
 */
export async function readDefinition(
  functionsDir: string,
  name: string,
): Promise<JobDefinition | null> {
  const known = functionNames(functionsDir);
  if (!known.includes(name)) {
    throw new Error(
      `there is no function "${name}" in supabase/functions: found ${known.join(", ")}`,
    );
  }
  const path = join(functionsDir, name, "job.ts");
  if (!isFile(path)) return null;
  const exports = Object.values(await import(pathToFileURL(path).href)) as Partial<JobDefinition>[];
  const found = exports.find((one) => one?.name === name && one.body && "~standard" in one.body);
  if (!found) throw new Error(`${path} exports no defineJob({ name: "${name}", … })`);
  return found as JobDefinition;
}

/** A definition for a function without one. */
export function undefinedJob(name: string): JobDefinition {
  return { name, body: anything };
}

function functionNames(functionsDir: string): string[] {
  return [...Deno.readDirSync(functionsDir)]
    .map(({ name }) => name)
    .filter((name) => /^[a-zA-Z]/.test(name) && isFile(join(functionsDir, name, "index.ts")))
    .sort();
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
