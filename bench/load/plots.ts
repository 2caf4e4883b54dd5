// The figures that a load is drawn as.
import { fileURLToPath } from "node:url";
import type { LoadData } from "../load.ts";
import { COLORS, drawFigure, type Figure, type Line, type Panel } from "./chart.ts";
import type { LoadRun } from "./run.ts";

const FOLDER = fileURLToPath(new URL("../plots", import.meta.url));

type Part = Omit<Panel, "time" | "span" | "title">;

/** Draws a load's figures into a folder, bench/plots unless another is given; returns their names. */
export async function drawLoad(data: LoadData, folder = FOLDER): Promise<string[]> {
  await Deno.mkdir(folder, { recursive: true });
  const drawn = figures(data);
  for (const [name, figure] of Object.entries(drawn)) {
    await Deno.writeTextFile(`${folder}/${name}.svg`, drawFigure(figure));
  }
  return Object.keys(drawn).map((name) => `${name}.svg`);
}

function figures(data: LoadData): Record<string, Figure> {
  const runs = data.runs.map(({ run }) => run);
  const subtitle = `${data.jobs.toLocaleString("en")} jobs of ${data.users.toLocaleString("en")} ` +
    `users, mixed limits, queued over ${data.seconds} s; one machine with everything on it`;
  const figure = (title: string, ...parts: ((run: LoadRun) => Part)[]): Figure => ({
    title,
    subtitle,
    panels: parts.flatMap((part) =>
      data.runs.map(({ title, run }) => ({
        ...part(run),
        title,
        time: run.series.time,
        span: run.held && { from: run.held[0], to: run.held[1], label: "snapshot open" },
      }))
    ),
  });
  return {
    "load-flow": figure("Flow: what is queued and what is done", rates, waiting),
    "load-pickup": figure(
      "Pick-up: from due to the work's first moment, by name",
      pickup("p50"),
      pickup("p99"),
    ),
    "load-memory": figure("Memory, shared pages counted once", byPrefix("memory ", "MiB", runs)),
    "load-processor": figure("Processor time", processor),
    "load-dead-rows": figure(
      "Dead rows that vacuum has yet to remove",
      byPrefix("dead ", "rows", runs),
    ),
    "load-tables": figure(
      "Size of tables, with what is kept of ended jobs",
      byPrefix("size ", "MiB", runs),
    ),
    "load-indexes": figure("Size of indexes", byPrefix("index ", "MiB", runs)),
    "load-wal": figure("WAL written, and the oldest snapshot's age", wal, horizon),
  };
}

function rates(run: LoadRun): Part {
  return {
    unit: "a second",
    lines: [
      { label: "jobs queued", values: perSecond(run, "queued"), color: 6 },
      { label: "tries done", values: perSecond(run, "runs"), color: 0 },
    ],
  };
}

function waiting(run: LoadRun): Part {
  const line = (name: string, label: string, color: number): Line => ({
    label,
    values: run.series.values[name] ?? [],
    color,
  });
  return {
    unit: "jobs",
    log: { least: 1 },
    lines: [
      line("waiting", "due", 1),
      line("delayed", "delayed", 6),
      line("running", "running", 0),
    ],
  };
}

function pickup(percentile: "p50" | "p99"): (run: LoadRun) => Part {
  return (run) => ({
    unit: `ms, ${percentile}`,
    log: { least: 10 },
    lines: run.names.map(({ name }, color) => ({
      label: name.slice("load-".length),
      values: run.series.values[`pickup ${percentile} ${name}`] ?? [],
      color,
    })),
  });
}

function processor(run: LoadRun): Part {
  const names = Object.keys(run.series.values).filter((name) => name.startsWith("processor "));
  return {
    unit: "cores busy",
    lines: names.map((name, color) => ({
      label: name.slice("processor ".length),
      values: perSecond(run, name),
      color,
    })),
  };
}

function wal(run: LoadRun): Part {
  return {
    unit: "MiB a second",
    lines: [{ label: "WAL", values: perSecond(run, "wal"), color: 0 }],
  };
}

function horizon(run: LoadRun): Part {
  const values = run.series.values["horizon"] ?? [];
  return {
    unit: "transactions",
    log: { least: 1 },
    lines: [{ label: "age of the oldest snapshot", values, color: 5 }],
  };
}

/** A line for each value of that prefix, those that grow most first; at most as many as there are colours. */
function byPrefix(prefix: string, unit: string, runs: LoadRun[]): (run: LoadRun) => Part {
  const most = (name: string) =>
    Math.max(...runs.flatMap((run) => (run.series.values[name] ?? []).map((value) => value ?? 0)));
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.series.values)))]
    .filter((name) => name.startsWith(prefix) && most(name) > 0)
    .sort((a, b) => most(b) - most(a))
    .slice(0, COLORS);
  return (run) => ({
    unit,
    lines: names.map((name, color) => ({
      label: name.slice(prefix.length),
      values: run.series.values[name] ?? [],
      color,
    })),
  });
}

/** How much a growing value grows in a second. */
function perSecond(run: LoadRun, name: string): (number | null)[] {
  const { time, values } = run.series;
  const list = values[name] ?? [];
  return list.map((value, n) => {
    const before = list[n - 1];
    if (value === null || before === null || before === undefined) return null;
    return Math.max(0, (value - before) / (time[n]! - time[n - 1]!));
  });
}
