// npm run bench [name …] [-- --json FILE --runs N --jobs N --seconds N]

import { backlog } from "./backlog.ts";
import { bloat } from "./bloat.ts";
import { board } from "./board.ts";
import { engine } from "./engine.ts";
import { enqueue } from "./enqueue.ts";
import { idle } from "./idle.ts";
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

const { names, json, options } = parseArguments(Deno.args);
const unknown = names.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(
    `no bench named ${unknown.join(", ")}: there are ${Object.keys(BENCHES).join(", ")}`,
  );
  Deno.exit(2);
}

const results: Result[] = [];
const described = machine();
for (const [name, value] of Object.entries(described)) console.log(`${name}: ${value}`);
for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
  const result = await BENCHES[name]!(options);
  results.push(result);
  printResult(result);
}
if (json !== null) {
  const document = { measuredAt: new Date().toISOString(), machine: described, results };
  await Deno.writeTextFile(json, JSON.stringify(document, null, 2) + "\n");
}
