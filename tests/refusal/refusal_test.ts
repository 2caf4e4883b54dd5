// Everything that docs/refusal.md lists is refused as it says, and nothing changes.
import assert from "node:assert/strict";
import { projectUnderTest } from "../e2e/support/project.ts";
import { projectFolder } from "../support/files.ts";
import { page, refuseAll } from "./run.ts";

Deno.test("each attack over HTTP is refused with its own answer and changes nothing", async () => {
  const serviceRoleKey = Deno.env.get("TEST_SERVICE_ROLE_KEY");
  assert.ok(
    serviceRoleKey,
    "TEST_SERVICE_ROLE_KEY is not set: run this with npm test -- e2e refusal",
  );
  const results = await refuseAll({ ...projectUnderTest(), serviceRoleKey });
  assert.ok(results.length > 500, `only ${results.length} attacks`);
  assert.deepEqual(results.filter(({ problem }) => problem !== null), []);
  const written = await Deno.readTextFile(`${projectFolder}docs/refusal.md`);
  assert.deepEqual(
    page(results).split("\n"),
    written.split("\n"),
    "run npm run refusal and commit docs/refusal.md",
  );
});
