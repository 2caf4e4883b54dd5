// Processor time of processes: it tells more than the clock on a busy machine.

/** Seconds of processor time that a process and all below it have used, those that ended included. */
export async function processCpuSeconds(root: number): Promise<number> {
  const parents = new Map<number, number>();
  const ticks = new Map<number, number>();
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    const stat = await Deno.readTextFile(`/proc/${entry.name}/stat`).catch(() => null);
    if (stat === null) continue;
    // After the name, which may hold anything: state, parent, …, utime, stime, cutime, cstime.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    parents.set(Number(entry.name), Number(fields[1]));
    ticks.set(
      Number(entry.name),
      [11, 12, 13, 14].reduce((sum, place) => sum + Number(fields[place]), 0),
    );
  }
  let sum = 0;
  for (const [pid, used] of ticks) {
    for (let at: number | undefined = pid; at; at = parents.get(at)) {
      if (at !== root) continue;
      sum += used;
      break;
    }
  }
  return sum / 100;
}
