import { join } from "node:path";

/** The folder of a deployed function, or null: `index.ts` in a folder whose name starts with a letter. */
export function functionEntry(functionsDir: string, name: string): string | null {
  if (!/^[a-zA-Z][a-zA-Z0-9_-]*$/.test(name)) return null;
  const entry = join(functionsDir, name, "index.ts");
  try {
    return Deno.statSync(entry).isFile ? entry : null;
  } catch {
    return null;
  }
}

/** Changes whenever a file of the function, or one of the shared folders, is edited. */
export function sourceVersion(functionsDir: string, name: string): string {
  let newest = 0;
  let files = 0;
  const visit = (folder: string, recurse: boolean) => {
    for (const entry of readFolder(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory && recurse) visit(path, true);
      if (!entry.isFile) continue;
      files++;
      newest = Math.max(newest, modified(path));
    }
  };
  visit(functionsDir, false);
  for (const folder of readFolder(functionsDir)) {
    const shared = folder.name.startsWith("_");
    if (folder.isDirectory && (shared || folder.name === name)) {
      visit(join(functionsDir, folder.name), true);
    }
  }
  return `${files}:${newest}`;
}

function readFolder(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch {
    return [];
  }
}

function modified(path: string): number {
  try {
    return Deno.statSync(path).mtime?.getTime() ?? 0;
  } catch {
    return 0;
  }
}
