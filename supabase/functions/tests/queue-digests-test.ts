import { assertEquals, assertMatch } from "@std/assert";
import { SERVICE_KEY } from "./support/fake_runtime.ts";
import { withFunction } from "./support/function.ts";

const users = Array.from(
  { length: 1_200 },
  (_, index) => `00000000-0000-4000-8000-${String(index + 1).padStart(12, "0")}`,
);

function project() {
  // deno-lint-ignore no-explicit-any
  const bulks: any[][] = [];
  const other = async (request: Request, url: URL) => {
    assertEquals(request.headers.get("Authorization"), `Bearer ${SERVICE_KEY}`);
    if (url.pathname === "/rest/v1/digest_subscription") {
      const after = url.searchParams.get("user_id")!.replace("gt.", "");
      const limit = Number(url.searchParams.get("limit"));
      const page = users.filter((user) => user > after).slice(0, limit);
      return Response.json(page.map((user_id) => ({ user_id })));
    }
    if (url.pathname !== "/rest/v1/rpc/queue_jobs") return undefined;
    const { _jobs } = await request.json();
    bulks.push(_jobs);
    return Response.json(_jobs.map(() => crypto.randomUUID()));
  };
  return { other, bulks };
}

Deno.test("queue-digests queues one job per subscriber, in bulk", () => {
  const { other, bulks } = project();
  return withFunction("queue-digests", { other }, async ({ queue, ring }) => {
    const job = queue({ user_id: null, request_body: { day: "2026-11-23" } });
    await ring(job);
    assertEquals([job.state, job.result], ["completed", { queued: 1_200 }]);
    assertEquals(bulks.map((bulk) => bulk.length), [500, 500, 200]);
    assertEquals(bulks.flat().map((one) => one.user_id), users);
    assertEquals(bulks[0]![0], {
      job_name: "send-digest",
      request_body: { day: "2026-11-23" },
      user_id: users[0],
      unique_key: "2026-11-23",
    });
  });
});

Deno.test("queue-digests that is interrupted goes on with the page it had reached", () => {
  const { other, bulks } = project();
  return withFunction("queue-digests", { other }, async ({ runtime, queue, ring }) => {
    let saves = 0;
    runtime.fault = ({ name }) =>
      name === "save_job_step" && ++saves === 2
        ? Response.json({ code: "XX000", message: "interrupted" }, { status: 400 })
        : undefined;
    const job = queue({ user_id: null, request_body: { day: "2026-11-23" } });
    await ring(job);
    assertEquals(bulks.length, 2);
    await ring(job);
    assertEquals(job.state, "completed");
    assertEquals(bulks.map((bulk) => bulk.length), [500, 500, 500, 200]);
  });
});

Deno.test("queue-digests is not for users", () =>
  withFunction("queue-digests", {}, async ({ queue, ring }) => {
    const job = queue({ request_body: { day: "2026-11-23" } });
    await ring(job);
    assertMatch(job.error ?? "", /admin is for jobs without a user/);
  }));
