import { assertEquals } from "@std/assert";
import { SERVICE_KEY } from "./support/fake_runtime.ts";
import { withFunction } from "./support/function.ts";

Deno.test("nightly-cleanup prunes batch after batch, without a user", () => {
  const batches = [1_000, 1_000, 7];
  const other = async (request: Request, url: URL) => {
    assertEquals(url.pathname, "/rest/v1/rpc/prune_feed_items");
    assertEquals(request.headers.get("Authorization"), `Bearer ${SERVICE_KEY}`);
    const { _before } = await request.json();
    assertEquals(Math.round((Date.now() - Date.parse(_before)) / 86_400_000), 30);
    return Response.json(batches.shift());
  };
  return withFunction("nightly-cleanup", { other }, async ({ queue, ring }) => {
    const job = queue({ user_id: null, request_body: { keepDays: 30 } });
    await ring(job);
    assertEquals([job.state, job.result], ["completed", { pruned: 2_007 }]);
  });
});
