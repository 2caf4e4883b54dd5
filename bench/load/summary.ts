// The figures of a load.
import type { Row } from "../support/report.ts";
import { median } from "../support/statistics.ts";
import type { LoadRun } from "./run.ts";
import type { Series } from "./sample.ts";
import { FAULTS } from "./verdict.ts";

const HISTORY = ["public.job", "public.job_logs", "private.job_attempt"];
const WRITTEN = [...HISTORY, "net.http_request_queue", "net._http_response"];

/** The figures of one run. */
export function summarize(title: string, run: LoadRun): Row[] {
  const { series, verdict } = run;
  const row = (what: string, value: number, unit: string): Row => ({
    what: `${title}: ${what}`,
    value,
    unit,
  });
  const named = (prefix: string) =>
    Object.keys(series.values).filter((name) => name.startsWith(prefix))
      .map((name) => [name.slice(prefix.length), values(series, name)] as const);
  const kept = HISTORY.map((table) => last(values(series, `size ${table}`)));
  const indexed = named("index job").map(([, sizes]) => last(sizes));
  const jobs = last(values(series, "live public.job"));
  return [
    row("jobs ended", verdict.completed + verdict.failed, "jobs"),
    row("… of them failed for good, as their body says", verdict.failed, "jobs"),
    row("tries", verdict.attempts, "tries"),
    row("rate over the whole run", verdict.attempts / run.doneAt, "tries/s"),
    row("last job ended after the last was queued", run.doneAt - run.queuedAt, "s"),
    ...Object.entries(run.pickup).flatMap(([name, { p50, p99 }]) => [
      row(`pick-up of ${name}: p50`, p50, "ms"),
      row(`pick-up of ${name}: p99`, p99, "ms"),
    ]),
    ...named("processor ").map(([part, seconds]) =>
      row(`processor time of ${part}`, last(seconds) * 1000 / verdict.attempts, "ms/try")
    ),
    ...named("memory ").flatMap(([part, sizes]) => [
      row(`memory of ${part}: most`, Math.max(...sizes), "MiB"),
      row(`memory of ${part}: last third / middle third`, growth(sizes), "x"),
    ]),
    ...named("dead ").filter(([table]) => WRITTEN.includes(table)).map(([table, dead]) =>
      row(`dead rows of ${table}: most`, Math.max(...dead), "rows")
    ),
    ...HISTORY.filter((table) => last(values(series, `updates ${table}`)) > 0).map((
      table,
    ) =>
      row(
        `updates of ${table} that touch no index`,
        last(values(series, `hot ${table}`)) / last(values(series, `updates ${table}`)) * 100,
        "%",
      )
    ),
    row(
      "history with its indexes, for each job kept",
      [...kept, ...indexed].reduce((a, b) => a + b, 0) * 1024 / jobs,
      "KiB",
    ),
    row(
      "WAL",
      (last(values(series, "wal")) - values(series, "wal")[0]!) * 1024 / verdict.attempts,
      "KiB/try",
    ),
    ...FAULTS.map((kind): Row => ({
      ...row(words(kind), verdict[kind], "found"),
      target: { claim: "none", met: verdict[kind] === 0 },
    })),
  ];
}

/** What the snapshot cost: the same seconds of both runs, and how long until all was as before. */
export function compareRuns(without: LoadRun, with_: LoadRun): Row[] {
  const held = with_.held!;
  const rate = (run: LoadRun) => increase(run.series, "runs", held) / (held[1] - held[0]);
  const cost = (run: LoadRun) =>
    increase(run.series, "processor Postgres", held) * 1000 / increase(run.series, "runs", held);
  const kept = rate(with_) / rate(without) * 100;
  const dead = totalDead(with_.series);
  const before = Math.max(...dead.filter((_, n) => with_.series.time[n]! < held[0]));
  const back = with_.series.time.findIndex((time, n) => time > held[1] && dead[n]! <= before);
  return [
    { what: "while held: tries", value: rate(with_), unit: "tries/s" },
    { what: "the same seconds undisturbed", value: rate(without), unit: "tries/s" },
    {
      what: "kept while held",
      value: kept,
      unit: "%",
      target: { claim: "at least 80 %", met: kept >= 80 },
    },
    { what: "while held: Postgres's processor time", value: cost(with_), unit: "ms/try" },
    { what: "the same seconds undisturbed", value: cost(without), unit: "ms/try" },
    { what: "dead rows in all: most before", value: before, unit: "rows" },
    { what: "dead rows in all: most", value: Math.max(...dead), unit: "rows" },
    back < 0
      ? {
        what: "dead rows still more than before, after the end of the snapshot",
        value: with_.series.time.at(-1)! - held[1],
        unit: "s",
      }
      : {
        what: "dead rows as few as before, after the end of the snapshot",
        value: with_.series.time[back]! - held[1],
        unit: "s",
      },
  ];
}

/** Values of a series; 0 where there was nothing to measure. */
export function values(series: Series, name: string): number[] {
  return (series.values[name] ?? []).map((value) => value ?? 0);
}

function last(list: number[]): number {
  return list.at(-1) ?? 0;
}

function growth(sizes: number[]): number {
  const third = Math.max(1, Math.floor(sizes.length / 3));
  return median(sizes.slice(-third)) / median(sizes.slice(third, 2 * third));
}

function increase(series: Series, name: string, [from, to]: [number, number]): number {
  const at = (time: number) => Math.max(0, series.time.findLastIndex((t) => t <= time));
  const list = values(series, name);
  return list[at(to)]! - list[at(from)]!;
}

function totalDead(series: Series): number[] {
  const tables = Object.keys(series.values).filter((name) => name.startsWith("dead "));
  return series.time.map((_, n) => tables.reduce((sum, name) => sum + values(series, name)[n]!, 0));
}

function words(kind: string): string {
  return kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
