// Things that scenarios do to a stack.
import { setTimeout as pause } from "node:timers/promises";
import type { Process } from "../../stack/services/child.ts";
import type { Mode, Proxy } from "./proxy.ts";
import { until, type World } from "./world.ts";

/** Waits for a time between two, in seconds, that the seed determines. */
export async function pauseBetween(world: World, from: number, to: number): Promise<void> {
  await pause((from + world.random() * (to - from)) * 1000);
}

/** kill -9, and waits until its supervisor has started it again. */
export async function killAndWait(target: Process): Promise<void> {
  const before = target.pid;
  target.kill("SIGKILL");
  if (!await until(() => target.pid !== before, 60)) throw new Error(`${before} did not come back`);
}

/** kill -9, stays away for a while, comes back. */
export async function takeDown(target: Process, away: () => Promise<void>): Promise<void> {
  target.setAutoRestart(false);
  target.kill("SIGKILL");
  await away();
  await target.restart();
  target.setAutoRestart(true);
}

/** Lets a network fail in one way for a while. */
export async function disturb(proxy: Proxy, mode: Mode, during: () => Promise<void>) {
  proxy.setMode(mode);
  await during();
  proxy.setMode("pass");
}

/** Sends a signal to the processes of the functions with these names; returns how many there were. */
export async function signalFunctions(
  world: World,
  names: string[],
  signal: Deno.Signal,
): Promise<number[]> {
  const processes = (await world.stack.functionProcesses()).filter(({ name }) =>
    names.includes(name)
  );
  return processes.map(({ pid }) => pid).filter((pid) => sendSignal(pid, signal));
}

/** False if the process has ended meanwhile. */
export function sendSignal(pid: number, signal: Deno.Signal): boolean {
  try {
    Deno.kill(pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
