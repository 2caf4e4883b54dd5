// npm run upgrade [-- MIGRATION … --seed N]
// Upgrades from every prefix of the migrations from which an engine runs, while sessions queue and finish,
// and then to a made-up next migration. Ends with 1 if anything was lost or a limit was passed.
import { parseArgs } from "node:util";
import { type Pass, upgrade } from "./pass.ts";
import { startingPoints } from "./project.ts";

process.env.DO_NOT_TRACK = "1";
const { values, positionals } = parseArgs({
  args: Deno.args.filter((argument) => argument !== "--"),
  options: { seed: { type: "string", default: String(Date.now() % 100_000) } },
  allowPositionals: true,
});
const seed = Number(values.seed);
const points = (await startingPoints()).filter((name) =>
  positionals.length === 0 || positionals.some((part) => name.includes(part))
);
console.log(`seed ${seed}\n`);
console.log("| from | jobs | calls | tried again | push | faults |");
console.log("|---|--:|--:|--:|--:|--:|");
const passes: Pass[] = [];
for (const from of [...points, undefined]) {
  const pass = await upgrade({ from, seed, andNext: true });
  passes.push(pass);
  const cells = [
    pass.from.replace(/\.sql$/, ""),
    pass.jobs,
    pass.operations,
    pass.again,
    `${pass.pushSeconds.toFixed(1)} s`,
    pass.faults.length,
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
const wrong = passes.filter(({ faults }) => faults.length > 0);
for (const { from, faults } of wrong) {
  console.log(`\nfrom ${from}:\n  ${faults.slice(0, 8).join("\n  ")}`);
}
console.log(`\n${passes.length - wrong.length} of ${passes.length} upgrades lost nothing`);
Deno.exit(wrong.length === 0 ? 0 : 1);
