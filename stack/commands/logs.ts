import { setTimeout as delay } from "node:timers/promises";
import { basename, join } from "node:path";
import { stackDir } from "../run_file.ts";

const LINES = 40;

/** Prints the end of a function's log, or of every log; `follow` goes on with what is added. */
export async function logs(name: string | undefined, follow: boolean): Promise<number> {
  const known = logFiles();
  const wanted = name ? known.filter((file) => basename(file, ".log") === name) : known;
  if (wanted.length === 0) {
    const names = known.map((file) => basename(file, ".log")).join(", ") || "none: npm start first";
    throw new Error(name ? `there is no log of "${name}" (there are: ${names})` : "no logs yet");
  }
  const sizes = new Map<string, number>();
  for (const file of wanted) {
    const text = Deno.readTextFileSync(file);
    sizes.set(file, text.length);
    if (wanted.length > 1) console.log(`== ${basename(file, ".log")}`);
    console.log(text.trimEnd().split("\n").slice(wanted.length > 1 ? -8 : -LINES).join("\n"));
  }
  while (follow) {
    await delay(500);
    for (const file of wanted) {
      const text = Deno.readTextFileSync(file);
      const added = text.slice(sizes.get(file)).trimEnd();
      if (added) console.log(added);
      sizes.set(file, text.length);
    }
  }
  return 0;
}

function logFiles(): string[] {
  const files: string[] = [];
  for (const folder of [join(stackDir, "logs"), join(stackDir, "logs", "functions")]) {
    try {
      for (const { name, isFile } of Deno.readDirSync(folder)) {
        if (isFile && name.endsWith(".log")) files.push(join(folder, name));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return files.sort();
}
