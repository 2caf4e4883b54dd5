/** What the command line may change; each bench has its own defaults. */
export interface BenchOptions {
  /** How often each figure is measured. */
  runs?: number;
  /** How many jobs a run has. */
  jobs?: number;
  /** How long a timed run takes. */
  seconds?: number;
  /** How many users a load is of. */
  users?: number;
  /** How long a load's second run holds a snapshot open; 0: no second run. */
  snapshot?: number;
  /** What a load's random choices begin with. */
  seed?: number;
  /** Where a load's plots are written. */
  plots?: string;
}

const NUMBERS = ["runs", "jobs", "seconds", "users", "snapshot", "seed"] as const;

/** The command line: names of benches, then options with a value each. */
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
    const number = NUMBERS.find((name) => arg === `--${name}`);
    if (arg === "--json") json = value;
    else if (arg === "--plots") options.plots = value;
    else if (number) options[number] = parseNumber(arg, value, number === "snapshot" ? 0 : 1);
    else {
      const known = ["json", "plots", ...NUMBERS].map((name) => `--${name}`).join(", ");
      throw new Error(`unknown option ${arg}: known are ${known}`);
    }
  }
  return { names, json, options };
}

function parseNumber(arg: string, value: string, least: number): number {
  const number = Number(value);
  if (number >= least) return number;
  throw new Error(`${arg}: expected a number of at least ${least}, found ${value}`);
}
