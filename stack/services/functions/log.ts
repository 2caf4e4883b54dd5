import { join } from "node:path";

/** A logger that appends each line, with its time, to the function's own file in `logDir`. */
export function functionLog(logDir: string, name: string): (line: string) => void {
  const path = join(logDir, `${name}.log`);
  return (line) =>
    Deno.writeTextFileSync(path, `${new Date().toISOString()} ${line}\n`, { append: true });
}
