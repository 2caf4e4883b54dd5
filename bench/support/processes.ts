// What /proc says about the processes of this machine.

/** A running process. */
export interface Process {
  pid: number;
  parent: number;
  /** Seconds of processor time that it and those of its children that ended have used. */
  cpuSeconds: number;
}

/** All processes, at one moment. */
export async function readProcesses(): Promise<Map<number, Process>> {
  const entries = await Array.fromAsync(Deno.readDir("/proc"));
  const pids = entries.map((entry) => Number(entry.name)).filter(Number.isInteger);
  const found = await Promise.all(pids.map(readProcess));
  return new Map(found.filter((process) => process !== null).map((one) => [one.pid, one]));
}

async function readProcess(pid: number): Promise<Process | null> {
  const stat = await readIfThere(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // After the name, which may hold anything: state, parent, …, utime, stime, cutime, cstime.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = [11, 12, 13, 14].reduce((sum, place) => sum + Number(fields[place]), 0);
  return { pid, parent: Number(fields[1]), cpuSeconds: ticks / 100 };
}

/** The process `root` and all below it. */
export function below(all: Map<number, Process>, root: number): Process[] {
  const isBelow = (process: Process) => {
    for (let at: Process | undefined = process; at; at = all.get(at.parent)) {
      if (at.pid === root) return true;
    }
    return false;
  };
  return [...all.values()].filter(isBelow);
}

/** A file's text; null if its process has ended meanwhile. */
export function readIfThere(path: string): Promise<string | null> {
  return Deno.readTextFile(path).catch(() => null);
}
