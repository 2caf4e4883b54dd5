const TICKS_PER_SECOND = 100;

/** Calls `exceeded` once the process has used `seconds` of CPU time from now on. */
export function watchCpu(
  pid: number,
  seconds: number,
  exceeded: () => void,
): ReturnType<typeof setInterval> {
  const before = cpuSeconds(pid);
  const watch = setInterval(() => {
    if (cpuSeconds(pid) - before < seconds) return;
    clearInterval(watch);
    exceeded();
  }, 200);
  return watch;
}

/** User and system time: fields 14 and 15 of /proc/PID/stat, counted after the name's bracket. */
function cpuSeconds(pid: number): number {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}
