// npm run fuzz [-- --seed N --cases N --batch N --json FILE --break]
// Calls everything there is with what fits and what does not, writes made-up answers into net's tables,
// and looks for the nine invariants after each batch. Ends with 1 if anything was found. With --break it
// takes guards out of the engine, one after the other, and ends with 1 unless each is missed.
import { parseArgs } from "node:util";
import { breakGuards } from "./breaks.ts";
import { describeFinding, fuzz, type FuzzResult } from "./run.ts";

process.env.DO_NOT_TRACK = "1";
const { values } = parseArgs({
  args: Deno.args.filter((argument) => argument !== "--"),
  options: {
    seed: { type: "string", default: String(Date.now() % 100_000) },
    cases: { type: "string", default: "20000" },
    batch: { type: "string" },
    json: { type: "string" },
    break: { type: "boolean", default: false },
  },
});
const [seed, cases, batch] = [values.seed, values.cases, values.batch].map((text) =>
  text === undefined ? undefined : Number(text)
) as [number, number, number | undefined];
if (![seed, cases, batch ?? 0].every((value) => Number.isInteger(value) && value >= 0)) {
  console.error("--seed, --cases and --batch take whole numbers");
  Deno.exit(2);
}
if (values.break) Deno.exit(await breakGuards(seed));

console.log(`seed ${seed}`);
const result = await fuzz({ seed, cases, batch, log: console.log });
print(result);
if (values.json) await Deno.writeTextFile(values.json, JSON.stringify(result, null, 2));
Deno.exit(result.findings.length === 0 ? 0 : 1);

function print(
  { cases, batches, seconds, findings, outcomes, missed, called, warnings }: FuzzResult,
) {
  for (const [what, count] of Object.entries(outcomes)) {
    console.log(`${String(count).padStart(7)}  ${what}`);
  }
  const warned = Object.entries(warnings).sort(([, a], [, b]) => b - a);
  if (warned.length > 0) {
    console.log("\nwarnings, each about one row that did not stop the others:");
  }
  for (const [text, count] of warned.slice(0, 10)) {
    console.log(`${String(count).padStart(7)}  ${text}`);
  }
  if (missed.length > 0) console.log(`\nnot called: ${missed.join(", ")}`);
  const sorted = findings.slice(0, 40).map((finding) => describeFinding(seed, finding));
  if (sorted.length > 0) console.log(`\n${sorted.join("\n")}`);
  console.log(
    `\n${cases} cases in ${batches} batches, ${called.length} functions, ${
      seconds.toFixed(0)
    } s: ` +
      `${findings.length} findings`,
  );
}
