// Finds test files.
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder, with a slash at the end. */
export const projectFolder = fileURLToPath(new URL("../../", import.meta.url));

/** The files below a folder of the project that match, sorted; none if there is no such folder. */
export async function findFiles(
  folder: string,
  ending: RegExp,
  filters: string[],
): Promise<string[]> {
  const entries = await fs.readdir(path.join(projectFolder, folder), {
    recursive: true,
    withFileTypes: true,
  }).catch((error) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => path.relative(projectFolder, path.join(entry.parentPath, entry.name)))
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .sort();
}
