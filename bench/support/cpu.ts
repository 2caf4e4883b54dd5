// Processor time of processes: it tells more than the clock on a busy machine.
import { below, type Process, readProcesses } from "./processes.ts";

/** Seconds of processor time that a process and all below it have used, those that ended included. */
export async function processCpuSeconds(
  root: number,
  all?: Map<number, Process>,
): Promise<number> {
  const tree = below(all ?? await readProcesses(), root);
  return tree.reduce((sum, process) => sum + process.cpuSeconds, 0);
}
