// The short form of `npm run chaos`: three kinds of kills on one stack, with few jobs.
import assert from "node:assert/strict";
import { killAndWait, pauseBetween, signalFunctions } from "./faults.ts";
import { faultsOf, runScenario } from "./scenario.ts";
import { table } from "./table.ts";

Deno.test({
  name: "kills of Postgres, of functions and of pg_net's worker lose no job and repeat no outcome",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const seed = Date.now() % 100_000;
    const result = await runScenario({
      name: "short",
      milliseconds: [500, 3000],
      async fault(world) {
        await killAndWait(world.stack.processes.postgres!);
        await pauseBetween(world, 2, 4);
        await signalFunctions(world, ["chaos-library", "chaos-plain"], "SIGKILL");
        await pauseBetween(world, 1, 2);
        await killAndWait(world.stack.processes.net!);
      },
    }, { seed, jobs: 80 });
    console.log(`seed ${seed}\n${table([result])}`);
    assert.ok(result.jobs >= 80);
    assert.ok(result.attempts > result.jobs, "the kills met no attempt");
    assert.equal(faultsOf(result), 0, result.faults.join("\n"));
  },
});
