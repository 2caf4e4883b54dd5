/** What the command line may change; each bench has its own defaults. */
export interface BenchOptions {
  /** How often each figure is measured. */
  runs?: number;
  /** How many jobs a run has. */
  jobs?: number;
  /** How long a timed run takes. */
  seconds?: number;
}

/** The command line: names of benches, --json FILE, --runs N, --jobs N, --seconds N. */
export function parseArguments(
  args: string[],
): { names: string[]; json: string | null; options: BenchOptions } {
  const names: string[] = [];
  const options: BenchOptions = {};
  let json: string | null = null;
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (!arg.startsWith("--")) {
      names.push(arg);
      continue;
    }
    const value = rest.shift();
    if (value === undefined) throw new Error(`${arg}: expected a value after it`);
    if (arg === "--json") json = value;
    else if (arg === "--runs" || arg === "--jobs" || arg === "--seconds") {
      const number = Number(value);
      if (!(number > 0)) throw new Error(`${arg}: expected a number above 0, found ${value}`);
      options[arg.slice(2) as keyof BenchOptions] = number;
    } else throw new Error(`unknown option ${arg}: known are --json, --runs, --jobs, --seconds`);
  }
  return { names, json, options };
}
