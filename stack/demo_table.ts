/** A job as the demo shows it. */
export interface DemoRow {
  id: string;
  title: string;
  job_name: string;
  state: string;
  retries: number;
  max_retries: number;
  attempt: number;
  created_at: string;
  finished_at: string | null;
  last_error: string | null;
}

const COLORS: Record<string, number> = { completed: 32, failed: 31, running: 33, pending: 90 };

/** Redraws the rows in place on a terminal; elsewhere prints a line for whatever changed. */
export function showTable(): { update(rows: DemoRow[]): void } {
  return Deno.stdout.isTerminal() ? redrawn() : printed();
}

function redrawn() {
  let height = 0;
  return {
    update(rows: DemoRow[]) {
      const { columns } = Deno.consoleSize();
      const lines = [HEADER, ...rows.map(cells)].map((row, i) => {
        const line = format(row).slice(0, columns - 1);
        const color = COLORS[rows[i - 1]?.state ?? ""];
        return color ? `\x1b[${color}m${line}\x1b[0m` : line;
      });
      const up = height > 0 ? `\x1b[${height}A` : "";
      write(up + lines.map((line) => `\x1b[2K${line}\n`).join(""));
      height = lines.length;
    },
  };
}

function printed() {
  const shown = new Map<string, string>();
  return {
    update(rows: DemoRow[]) {
      if (shown.size === 0) console.log(format(HEADER));
      for (const row of rows) {
        const line = format(cells(row));
        const key = `${row.state} ${row.retries}`;
        if (shown.get(row.id) === key) continue;
        shown.set(row.id, key);
        console.log(line);
      }
    },
  };
}

const HEADER = ["job", "what", "state", "tries", "took", "reason"];
const WIDTHS = [13, 28, 10, 6, 8, 0];

function cells(row: DemoRow): string[] {
  const took = row.finished_at
    ? `${((Date.parse(row.finished_at) - Date.parse(row.created_at)) / 1000).toFixed(1)} s`
    : "";
  const reason = (row.state === "completed" ? "" : row.last_error ?? "").replaceAll("\n", " ");
  return [row.job_name, row.title, row.state, String(row.attempt), took, reason];
}

function format(row: string[]): string {
  return row.map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0)).join(" ").trimEnd();
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
