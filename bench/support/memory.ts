// Memory of processes, what they share counted once.
import { processTree } from "./processes.ts";

/** Bytes resident in a process and all below it: each shared page by its share (Pss). */
export async function residentBytes(root: number): Promise<number> {
  const pids = [...(await processTree(root)).keys()];
  const sizes = await Promise.all(pids.map(proportionalBytes));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function proportionalBytes(pid: number): Promise<number> {
  // A process that has just ended has no such file, or an empty one.
  const rollup = await Deno.readTextFile(`/proc/${pid}/smaps_rollup`).catch(() => "");
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
}
