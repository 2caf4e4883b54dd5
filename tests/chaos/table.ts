// The table a run prints.
import { faultsOf, type ScenarioResult } from "./scenario.ts";

const COLUMNS: [string, (result: ScenarioResult) => string | number][] = [
  ["scenario", (r) => r.scenario],
  ["jobs", (r) => r.jobs],
  ["attempts", (r) => r.attempts],
  ["lost", (r) => r.lost],
  ["stuck", (r) => r.stuck],
  ["recorded twice", (r) => r.twice],
  ["limits exceeded", (r) => r.exceeded],
  ["lanes delayed", (r) => r.delayed],
  ["longest delay", (r) => `${r.longestDelay.toFixed(1)} s`],
  ["time to recover", (r) => `${r.recovered.toFixed(1)} s`],
];

/** The results as lines of a Markdown table, and what was wrong below it. */
export function table(results: ScenarioResult[]): string {
  const rows = [COLUMNS.map(([title]) => title)];
  for (const result of results) rows.push(COLUMNS.map(([, value]) => String(value(result))));
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    `| ${
      row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join(
        " | ",
      )
    } |`;
  const rule = `|${
    widths.map((width, i) => i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`).join(
      "|",
    )
  }|`;
  const faults = results.filter((result) => faultsOf(result) > 0).flatMap((result) => [
    `\n${result.scenario}:`,
    ...result.faults.map((fault) => `  ${fault}`),
  ]);
  return [line(rows[0]!), rule, ...rows.slice(1).map(line), ...faults].join("\n");
}
