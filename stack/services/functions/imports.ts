import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { importMap as standIns } from "../../std/jsr.ts";

export interface ImportOptions {
  functionsDir: string;
  projectDir: string;
  name: string;
}

type Imports = Record<string, string>;

/**
 * Arguments for a function's process where JSR cannot be reached: the imports of the function's own
 * deno.json (or else of the functions' folder, or of the project), with the packages that
 * stack/std stands in for mapped to it. Where JSR answers, Deno reads deno.json by itself.
 */
export function offlineImports(
  { functionsDir, projectDir, name }: ImportOptions,
): string[] {
  const folder = [join(functionsDir, name), functionsDir, projectDir].find(
    hasConfig,
  );
  if (!folder) return [];
  const own = readImports(join(folder, "deno.json"));
  const substitutes = readImports(standIns);
  const imports: Imports = {};
  for (const [key, target] of Object.entries(own)) {
    const used = target.match(/^jsr:\/?(@std\/[a-z-]+)(?:@[^/]*)?$/)?.[1];
    const names = Object.keys(substitutes).filter((one) =>
      one === used || one.startsWith(`${used}/`)
    );
    for (const one of names) {
      imports[key + one.slice(used!.length)] = substitutes[one]!;
    }
    if (names.length === 0) imports[key] = target;
  }
  const map = encodeURIComponent(JSON.stringify({ imports }));
  const flags = [`--import-map=data:application/json,${map}`];
  // Deno (2.9.6) panics at such a map beside the config of a workspace, which the project's is.
  return folder === projectDir ? [...flags, "--no-config"] : flags;
}

function hasConfig(folder: string): boolean {
  try {
    return Deno.statSync(join(folder, "deno.json")).isFile;
  } catch {
    return false;
  }
}

/** The imports of a deno.json or an import map; files as URLs, because the map moves. */
function readImports(path: string): Imports {
  const { imports = {} } = JSON.parse(Deno.readTextFileSync(path)) as {
    imports?: Imports;
  };
  const base = pathToFileURL(path);
  return Object.fromEntries(
    Object.entries(imports).map(([key, target]) => [
      key,
      /^\.{0,2}\//.test(target) ? new URL(target, base).href : target,
    ]),
  );
}
