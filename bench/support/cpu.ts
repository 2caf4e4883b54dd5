// Processor time of processes: it tells more than the clock on a busy machine.
import { processTree } from "./processes.ts";

/** Seconds of processor time that a process and all below it have used, those that ended included. */
export async function processCpuSeconds(root: number): Promise<number> {
  const tree = await processTree(root);
  return [...tree.values()].reduce((sum, process) => sum + process.ticks, 0) / 100;
}
