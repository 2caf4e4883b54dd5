// What /proc says about a process and all below it.

/** A running process: its parent, and the ticks that it and those of its children that ended used. */
interface Entry {
  parent: number;
  ticks: number;
}

/** The processes at and below `root`, that one included. */
export async function processTree(root: number): Promise<Map<number, Entry>> {
  const all = new Map<number, Entry>();
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    const stat = await Deno.readTextFile(`/proc/${entry.name}/stat`).catch(() => null);
    if (stat === null) continue;
    // After the name, which may hold anything: state, parent, …, utime, stime, cutime, cstime.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = [11, 12, 13, 14].reduce((sum, place) => sum + Number(fields[place]), 0);
    all.set(Number(entry.name), { parent: Number(fields[1]), ticks });
  }
  const isBelow = (pid: number) => {
    for (let at: number | undefined = pid; at; at = all.get(at)?.parent) {
      if (at === root) return true;
    }
    return false;
  };
  return new Map([...all].filter(([pid]) => isBelow(pid)));
}
