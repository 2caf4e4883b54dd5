// Ten minutes of mixed load, once undisturbed and once with a snapshot held open, watched all the time.
import { describeName } from "./load/names.ts";
import { drawLoad } from "./load/plots.ts";
import { type LoadRun, runLoad } from "./load/run.ts";
import { compareRuns, summarize } from "./load/summary.ts";
import { postgresSettings } from "./support/database.ts";
import type { BenchOptions } from "./support/options.ts";
import type { Result } from "./support/report.ts";
import { startBenchStack } from "./support/stack.ts";

/** What the load measured, as kept in the JSON and drawn. */
export interface LoadData {
  seconds: number;
  jobs: number;
  users: number;
  /** Seconds for which the second run held a snapshot; 0: there was none. */
  snapshot: number;
  runs: { title: string; run: LoadRun }[];
}

/** Load: `jobs` jobs of `users` users over `seconds`; the same again with a snapshot held open. */
export async function load(options: BenchOptions): Promise<Result> {
  const { seconds = 600, users = 10_000, jobs = 100_000, snapshot = 180, seed = 1 } = options;
  const data: LoadData = { seconds, jobs, users, snapshot, runs: [] };
  const settings: Record<string, string> = {};
  const titles = ["undisturbed", ...(snapshot > 0 ? [`snapshot held for ${snapshot} s`] : [])];
  for (const [n, title] of titles.entries()) {
    console.log(`\n${title}`);
    const stack = await startBenchStack(users);
    try {
      Object.assign(settings, await postgresSettings(stack.sql));
      const held = n === 0 ? 0 : snapshot;
      const log = (line: string) => console.log(line);
      const run = await runLoad(stack, { seconds, jobs, snapshot: held, seed, log });
      data.runs.push({ title, run });
    } finally {
      await stack.stop();
    }
  }
  const drawn = await drawLoad(data, options.plots);
  const names = data.runs[0]!.run.names;
  return {
    bench: "load",
    configuration: {
      load: `${jobs} jobs of ${users} users, queued over ${seconds} s; seed ${seed}`,
      ...Object.fromEntries(names.map((name) => [name.name, describeName(name)])),
      "SQL sessions": "16, called by pg_net's rings as a function is: start_job, finish_job with " +
        "hand-over. Two cores cannot pass all jobs through isolates and REST",
      ...settings,
    },
    rows: [
      ...data.runs.flatMap(({ title, run }) => summarize(title, run)),
      ...(data.runs[1] ? compareRuns(data.runs[0]!.run, data.runs[1].run) : []),
    ],
    notes: [
      "pick-up: from just before queue_jobs was called, or from run_at, to the work's first moment; " +
      "waiting for one's own lane, for a limit or behind the burst is part of it",
      `drawn: ${drawn.join(", ")}`,
    ],
    faults: data.runs.flatMap(({ title, run }) => run.verdict.faults.map((f) => `${title}: ${f}`)),
    data,
  };
}
