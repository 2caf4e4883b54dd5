import { join } from "node:path";

/** Builds board/dist with Vite if it is missing or older than a source of it; else does nothing. */
export async function buildBoard(projectDir: string): Promise<void> {
  const built = modifiedAt(join(projectDir, "board", "dist", "index.html"));
  const sources = Math.max(
    newestIn(join(projectDir, "board")),
    modifiedAt(join(projectDir, "package-lock.json")),
  );
  if (built > sources) return;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "node_modules/vite/bin/vite.js", "build", "board"],
    cwd: projectDir,
    env: { NO_COLOR: "1", DO_NOT_TRACK: "1" },
  }).output();
  if (success) return;
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  throw new Error(`vite build board failed:\n${said}`);
}

/** When the newest file of a folder was changed, without what the build itself writes. */
function newestIn(folder: string): number {
  let newest = 0;
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (name === "dist" || name.startsWith(".")) continue;
    const path = join(folder, name);
    newest = Math.max(newest, isDirectory ? newestIn(path) : modifiedAt(path));
  }
  return newest;
}

/** 0 for a file that is not there. */
function modifiedAt(path: string): number {
  try {
    return Deno.statSync(path).mtime?.getTime() ?? 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
