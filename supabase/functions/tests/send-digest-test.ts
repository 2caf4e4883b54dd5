import { assertEquals, assertMatch } from "@std/assert";
import { USER } from "./support/fake_runtime.ts";
import { withFunction } from "./support/function.ts";

Deno.test("send-digest counts the jobs of a day, as the user", () => {
  const other = (request: Request, url: URL) => {
    assertEquals(url.pathname, "/rest/v1/job");
    assertEquals(request.headers.get("Authorization"), `Bearer jwt-of-${USER}`);
    assertEquals(url.searchParams.getAll("created_at"), [
      "gte.2026-11-24T00:00:00Z",
      "lt.2026-11-25T00:00:00.000Z",
    ]);
    return Response.json([{ state: "completed" }, { state: "failed" }, { state: "completed" }]);
  };
  return withFunction("send-digest", { other }, async ({ queue, ring }) => {
    const job = queue({ request_body: { day: "2026-11-24" } });
    assertEquals((await ring(job)).status, 202);
    assertEquals(job.state, "completed");
    assertEquals(job.result, {
      day: "2026-11-24",
      jobs: 3,
      counts: { completed: 2, failed: 1 },
    });
    assertMatch(job.logs[0]?.message ?? "", /3 jobs \{"completed":2,"failed":1\}/);
  });
});

Deno.test("send-digest without a day fails for good and names the field", () =>
  withFunction("send-digest", {}, async ({ queue, ring }) => {
    const job = queue({ request_body: {} });
    await ring(job);
    assertEquals(job.state, "failed");
    assertMatch(job.error ?? "", /body\.day/);
  }));
