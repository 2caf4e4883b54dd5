// What a bench returns, and how it is printed.
import * as os from "node:os";

/** One measured figure. */
export interface Row {
  what: string;
  value: number;
  unit: string;
  /** All runs that the value is the median of. */
  runs?: number[];
  /** The claim about this figure, and whether it holds. */
  target?: { claim: string; met: boolean };
}

/** What one bench measured. */
export interface Result {
  bench: string;
  /** What ran, in words and numbers, so that the figures can be judged. */
  configuration: Record<string, string | number | boolean>;
  rows: Row[];
  notes?: string[];
  /** What went wrong: the program ends non-zero. */
  faults?: string[];
  /** What was measured over time, for plots. */
  data?: unknown;
}

/** The machine the figures are of. */
export function machine(): Record<string, string> {
  return {
    processor: `${os.cpus()[0]?.model ?? "unknown"}, ${os.cpus().length} cores`,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    system: `${os.type()} ${os.release()}`,
    deno: Deno.version.deno,
    load: os.loadavg().map((load) => load.toFixed(2)).join(" "),
  };
}

/** Prints a result as a reader wants it: configuration, then a row a figure. */
export function printResult(result: Result): void {
  console.log(`\n${result.bench}`);
  for (const [name, value] of Object.entries(result.configuration)) {
    console.log(`  ${name}: ${value}`);
  }
  const width = Math.max(...result.rows.map((row) => row.what.length));
  for (const row of result.rows) {
    const runs = row.runs ? `  of ${row.runs.map(round).join(", ")}` : "";
    const target = row.target ? `  ${row.target.met ? "met" : "MISSED"}: ${row.target.claim}` : "";
    console.log(`  ${row.what.padEnd(width)}  ${round(row.value)} ${row.unit}${runs}${target}`);
  }
  for (const note of result.notes ?? []) console.log(`  note: ${note}`);
  for (const fault of result.faults ?? []) console.log(`  FAULT: ${fault}`);
}

/** A figure with three significant digits, whole from 100 on. */
export function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
