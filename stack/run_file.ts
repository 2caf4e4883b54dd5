import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Stack } from "./stack.ts";

export const projectDir = dirname(dirname(fileURLToPath(import.meta.url)));
export const stackDir = join(projectDir, ".stack");
const path = join(stackDir, "running.json");

/** What a running `npm start` tells the other commands. */
export interface RunningStack {
  pid: number;
  startedAt: string;
  apiUrl: string;
  studioUrl: string;
  boardUrl: string;
  dbUrl: string;
  functionsPort: number;
  attached: boolean;
}

/** The stack that runs in this project now, or null. */
export function runningStack(): RunningStack | null {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch {
    return null;
  }
  const running = JSON.parse(text) as RunningStack;
  return isStack(running.pid) ? running : null;
}

/** Claims the project for this process; throws if a stack runs here already. */
export function claimProject(): void {
  const other = runningStack();
  if (other) {
    throw new Error(
      `the stack runs already (pid ${other.pid}${other.apiUrl ? `, ${other.apiUrl}` : ""}): ` +
        "stop it with npm run stop, or look at it with npm run status",
    );
  }
  Deno.mkdirSync(stackDir, { recursive: true });
  write({ apiUrl: "", studioUrl: "", boardUrl: "", dbUrl: "", functionsPort: 0, attached: false });
}

/** Notes where the claimed stack can be reached. */
export function noteRunning(stack: Stack, attached: boolean): void {
  const { apiUrl, studioUrl, boardUrl, dbUrl, functionsPort } = stack;
  write({ apiUrl, studioUrl, boardUrl, dbUrl, functionsPort, attached });
}

export function releaseProject(): void {
  Deno.removeSync(path);
}

function write(known: Omit<RunningStack, "pid" | "startedAt">): void {
  const running: RunningStack = { pid: Deno.pid, startedAt: new Date().toISOString(), ...known };
  Deno.writeTextFileSync(path, JSON.stringify(running, null, 2) + "\n", { mode: 0o600 });
}

/** A pid may have been given to another program since: only a process of main.ts counts. */
function isStack(pid: number): boolean {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes("main.ts");
  } catch {
    return Deno.build.os !== "linux" && isAlive(pid);
  }
}

function isAlive(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}
