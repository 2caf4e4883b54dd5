import assert from "node:assert/strict";
import { USER } from "./support/fake_runtime.ts";
import { withFunction } from "./support/function.ts";

Deno.test("send-digest counts the jobs of a day, as the user", () => {
  const other = (request: Request, url: URL) => {
    assert.equal(url.pathname, "/rest/v1/job");
    assert.equal(request.headers.get("Authorization"), `Bearer jwt-of-${USER}`);
    assert.deepEqual(url.searchParams.getAll("created_at"), [
      "gte.2026-11-24T00:00:00Z",
      "lt.2026-11-25T00:00:00.000Z",
    ]);
    return Response.json([{ state: "completed" }, { state: "failed" }, { state: "completed" }]);
  };
  return withFunction("send-digest", { other }, async ({ queue, ring }) => {
    const job = queue({ request_body: { day: "2026-11-24" } });
    assert.equal((await ring(job)).status, 202);
    assert.equal(job.state, "completed");
    assert.deepEqual(job.result, {
      day: "2026-11-24",
      jobs: 3,
      counts: { completed: 2, failed: 1 },
    });
    assert.match(job.logs[0]?.message ?? "", /3 jobs \{"completed":2,"failed":1\}/);
  });
});

Deno.test("send-digest without a day fails for good and names the field", () =>
  withFunction("send-digest", {}, async ({ queue, ring }) => {
    const job = queue({ request_body: {} });
    await ring(job);
    assert.equal(job.state, "failed");
    assert.match(job.error ?? "", /body\.day/);
  }));
