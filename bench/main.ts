// npm run bench [name …] [-- --json FILE --runs N --jobs N --seconds N …]
// npm run bench plots -- --json FILE

import { backlog } from "./backlog.ts";
import { bloat } from "./bloat.ts";
import { board } from "./board.ts";
import { engine } from "./engine.ts";
import { enqueue } from "./enqueue.ts";
import { idle } from "./idle.ts";
import { load, type LoadData } from "./load.ts";
import { drawLoad } from "./load/plots.ts";
import { neighbour } from "./neighbour.ts";
import { pickup } from "./pickup.ts";
import { throughput } from "./throughput.ts";
import { tick } from "./tick.ts";
import { users } from "./users.ts";
import { type BenchOptions, parseArguments } from "./support/options.ts";
import { machine, printResult, type Result } from "./support/report.ts";

const BENCHES: Record<string, (options: BenchOptions) => Promise<Result>> = {
  engine,
  enqueue,
  tick,
  idle,
  bloat,
  board,
  pickup,
  backlog,
  users,
  neighbour,
  throughput,
};

/** Too long to be among those that run when none is named. */
const ON_REQUEST: typeof BENCHES = { load };
const all = { ...BENCHES, ...ON_REQUEST };

const { names, json, options } = parseArguments(Deno.args);
if (names[0] === "plots") {
  await redraw(json, options);
  Deno.exit(0);
}
const unknown = names.filter((name) => !(name in all));
if (unknown.length > 0) {
  console.error(
    `no bench named ${unknown.join(", ")}: there are ${Object.keys(all).join(", ")}, plots`,
  );
  Deno.exit(2);
}

const results: Result[] = [];
const described = machine();
for (const [name, value] of Object.entries(described)) console.log(`${name}: ${value}`);
for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
  const result = await all[name]!(options);
  results.push(result);
  printResult(result);
}
if (json !== null) {
  const document = { measuredAt: new Date().toISOString(), machine: described, results };
  await Deno.writeTextFile(json, JSON.stringify(document, null, 2) + "\n");
}
if (results.some((result) => result.faults?.length)) Deno.exit(1);

/** Draws again what a run of `load` left in its JSON. */
async function redraw(file: string | null, options: BenchOptions): Promise<void> {
  if (file === null) throw new Error("plots: expected --json FILE of a run of load, found none");
  const document = JSON.parse(await Deno.readTextFile(file)) as { results: Result[] };
  const drawn = document.results.find((result) => result.bench === "load");
  if (!drawn) throw new Error(`plots: expected a result of load in ${file}, found none`);
  console.log((await drawLoad(drawn.data as LoadData, options.plots)).join("\n"));
}
