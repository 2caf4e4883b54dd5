// Memory of processes, what they share counted once.
import { below, type Process, readIfThere } from "./processes.ts";

/** Bytes resident in a process and all below it: each shared page by its share (Pss). */
export async function residentBytes(root: number, all: Map<number, Process>): Promise<number> {
  const sizes = await Promise.all(
    below(all, root).map(async ({ pid }) => {
      const rollup = await readIfThere(`/proc/${pid}/smaps_rollup`) ?? "";
      return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
