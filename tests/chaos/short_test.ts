// The short form of `npm run chaos`: three kinds of kills on one stack, with few jobs.
import assert from "node:assert/strict";
import { faultsOf, runScenario } from "./scenario.ts";
import { chooseScenarios } from "./scenarios.ts";
import { table } from "./table.ts";

Deno.test({
  name: "kills of pg_net's worker, of functions and of Postgres lose no job and repeat no outcome",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const kills = chooseScenarios(["net-worker-killed", "function-killed", "postgres-killed"]);
    const seed = Date.now() % 100_000;
    const result = await runScenario({
      name: "short",
      async fault(world, load) {
        for (const { fault } of kills) await fault(world, load);
      },
    }, { seed, jobs: 80 });
    console.log(`seed ${seed}\n${table([result])}`);
    assert.ok(result.jobs >= 80);
    assert.equal(faultsOf(result), 0, result.faults.join("\n"));
  },
});
