// Runs stack/extensions/…/worker.ts or scheduler.ts as the process of its own that it is.
import { type ChildProcess, spawn } from "node:child_process";
import * as path from "node:path";
import { projectFolder } from "./files.ts";

/** A running worker. */
export interface Worker {
  pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
}

/** Starts a program of stack/extensions on a database. It ends with us, even if we are killed. */
export function startWorker(program: string, database: { adminUrl: string }): Worker {
  const child: ChildProcess = spawn(Deno.execPath(), [
    "run",
    "-A",
    path.join(projectFolder, "stack/extensions", program),
    "--database-url",
    database.adminUrl,
    "--exit-with-stdin",
  ], { cwd: projectFolder, stdio: ["pipe", "inherit", "inherit"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    pid: child.pid!,
    kill: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
}
