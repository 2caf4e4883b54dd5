// One upgrade of `npm run upgrade`: the longest way, and a made-up next migration behind it.
import assert from "node:assert/strict";
import { upgrade } from "./pass.ts";
import { startingPoints } from "./project.ts";

Deno.test({
  name: "migrations are applied under work: nothing is lost, limits hold, live attempts end",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const seed = Date.now() % 100_000;
    const [from] = await startingPoints();
    const { faults, jobs, operations, pushSeconds } = await upgrade({ from, seed, andNext: true });
    console.log(
      `seed ${seed}: ${jobs} jobs, ${operations} calls, ${pushSeconds.toFixed(1)} s of push`,
    );
    assert.ok(jobs > 50, `only ${jobs} jobs took part`);
    assert.deepEqual(faults, []);
  },
});
