// The short form of `npm run fuzz`: every function once, and what chance makes of the rest.
import assert from "node:assert/strict";
import { describeFinding, fuzz } from "./run.ts";

Deno.test({
  name: "odd calls and odd answers break no invariant, and every refusal is one of ours",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    // The same cases in every run of npm test; npm run fuzz tries others.
    const seed = 1;
    const { findings, cases, outcomes, missed } = await fuzz({ seed, cases: 1000 });
    console.log(`seed ${seed}, ${cases} cases`);
    assert.deepEqual(missed, [], "functions that were not called");
    assert.ok(outcomes["call: answered"]! > 120, "hardly a call was let in");
    assert.deepEqual(findings.map((finding) => describeFinding(seed, finding)), []);
  },
});
