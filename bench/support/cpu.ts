// Processor time of Postgres, all its processes together: it tells more than the clock on a busy machine.

/** Seconds of processor time that a postmaster, its children and its ended children have used. */
export async function postgresCpuSeconds(postmaster: number): Promise<number> {
  let ticks = 0;
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    const stat = await Deno.readTextFile(`/proc/${entry.name}/stat`).catch(() => null);
    if (stat === null) continue;
    // After the name, which may hold anything: state, parent, …, utime, stime, cutime, cstime.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const own = Number(fields[11]) + Number(fields[12]);
    if (Number(entry.name) === postmaster) ticks += own + Number(fields[13]) + Number(fields[14]);
    else if (Number(fields[1]) === postmaster) ticks += own;
  }
  return ticks / 100;
}
