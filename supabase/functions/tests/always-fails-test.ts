import assert from "node:assert/strict";
import { withFunction } from "./support/function.ts";

Deno.test("always-fails fails each of its tries", () =>
  withFunction("always-fails", {}, async ({ queue, ring }) => {
    const job = queue({ max_retries: 2 });
    await ring(job);
    assert.equal(job.state, "pending");
    await ring(job);
    assert.equal(job.state, "failed");
    assert.equal(job.error, "this job fails on purpose (try 2 of 2)");
  }));
