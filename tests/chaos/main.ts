// npm run chaos [-- scenario … --seed N --jobs N --json FILE --break]
// Runs each scenario on a stack of its own and prints what was lost, stuck, recorded twice. Ends
// with 1 unless all of that is 0. With --break each scenario's guard is taken out of the engine
// first, and it ends with 1 unless every scenario sees it.
import { parseArgs } from "node:util";
import { faultsOf, runScenario, type ScenarioResult } from "./scenario.ts";
import { chooseScenarios } from "./scenarios.ts";
import { table } from "./table.ts";

process.env.DO_NOT_TRACK = "1";
const { values, positionals } = parseArgs({
  args: Deno.args.filter((argument) => argument !== "--"),
  options: {
    seed: { type: "string", default: String(Date.now() % 100_000) },
    jobs: { type: "string", default: "500" },
    json: { type: "string" },
    break: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const seed = Number(values.seed);
const jobs = Number(values.jobs);
if (!Number.isInteger(seed) || !Number.isInteger(jobs) || jobs < 1) {
  console.error(`--seed and --jobs take whole numbers, found ${values.seed} and ${values.jobs}`);
  Deno.exit(2);
}
const broken = values.break;
const chosen = chooseScenarios(positionals).filter(({ guard }) => !broken || guard);

console.log(`seed ${seed}, ${jobs} jobs and the untouched lane's for each scenario`);
const results: ScenarioResult[] = [];
const errors: string[] = [];
for (const scenario of chosen) {
  const log = (line: string) => console.log(`${scenario.name}: ${line}`);
  if (broken) log(`without its guard: ${scenario.guard!.what}`);
  try {
    const result = await runScenario(scenario, { seed, jobs, broken, log });
    results.push(result);
    log(`${faultsOf(result)} faults in ${result.seconds.toFixed(0)} s`);
  } catch (error) {
    errors.push(`${scenario.name}: ${error instanceof Error ? error.stack : error}`);
    console.error(errors.at(-1));
  }
}
console.log(`\n${table(results)}`);
if (values.json) {
  await Deno.writeTextFile(values.json, JSON.stringify({ seed, jobs, broken, results }, null, 2));
}
const seen = results.filter((result) => faultsOf(result) > 0).length;
const wrong = broken ? results.length - seen : seen;
if (errors.length > 0) console.log(`\n${errors.length} scenarios could not be run`);
console.log(
  broken
    ? `\n${seen} of ${results.length} missing guards were noticed`
    : `\n${results.length - seen} of ${chosen.length} scenarios survived`,
);
Deno.exit(wrong + errors.length === 0 ? 0 : 1);
