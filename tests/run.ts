// npm test [-- --database-url URL] [CATEGORY …] [part of a path …]
// Categories: sql concurrency conformance stack ops functions e2e fuzz upgrade chaos bench deploy
// Boots what the chosen tests need on free ports, runs them, and ends with "N passed, N failed".
import { parseArgs } from "node:util";
import {
  type Category,
  runBench,
  runChaos,
  runConcurrency,
  runConformance,
  runDeploy,
  runEndToEnd,
  runFunctions,
  runFuzz,
  runOps,
  runSql,
  runStack,
  runUpgrade,
  stopSharedStack,
} from "./support/categories.ts";
import { addFailure, newReport, printSummary } from "./support/report.ts";

const categories: Record<string, Category> = {
  sql: runSql,
  concurrency: runConcurrency,
  conformance: runConformance,
  stack: runStack,
  ops: runOps,
  functions: runFunctions,
  e2e: runEndToEnd,
  fuzz: runFuzz,
  upgrade: runUpgrade,
  chaos: runChaos,
  bench: runBench,
  deploy: runDeploy,
};

process.env.DO_NOT_TRACK = "1";
const { values, positionals } = parseArgs({
  args: Deno.args.filter((argument) => argument !== "--"),
  options: { "database-url": { type: "string" } },
  allowPositionals: true,
});
const wanted = positionals.filter((word) => word in categories);
const selection = {
  filters: positionals.filter((word) => !(word in categories)),
  databaseUrl: values["database-url"] ?? null,
};

const report = newReport();
for (const [name, run] of Object.entries(categories)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const started = performance.now();
  try {
    await run(selection, report);
  } catch (error) {
    addFailure(report, name, error instanceof Error ? error.stack ?? error.message : String(error));
  }
  console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
await stopSharedStack().catch((error) => addFailure(report, "stopping the stack", String(error)));
Deno.exit(printSummary(report));
