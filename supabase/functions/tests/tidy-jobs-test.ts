import { assert, assertEquals, assertMatch } from "@std/assert";
import { judge } from "../tidy-jobs/judge.ts";
import { withFunction } from "./support/function.ts";

function project() {
  const retried: string[] = [];
  const failed = [
    { id: "job-a", job_name: "poll", last_error: "the API answered 503" },
    { id: "job-b", job_name: "mail", last_error: "the body of mail is invalid: body.to" },
    { id: "job-c", job_name: "poll", last_error: "its function went silent" },
  ];
  const other = async (request: Request, url: URL) => {
    if (url.pathname === "/rest/v1/rpc/retry_job") {
      retried.push((await request.json())._job_id);
      return Response.json(true);
    }
    if (url.searchParams.get("state") === "eq.failed") return Response.json(failed);
    assertEquals(url.searchParams.get("id"), "in.(job-a,job-c)");
    return Response.json([{ id: "job-a" }]);
  };
  return { other, retried };
}

Deno.test("tidy-jobs retries what may pass, sleeps, and says later how it went", () => {
  const { other, retried } = project();
  return withFunction("tidy-jobs", { other }, async ({ queue, ring }) => {
    const job = queue({ request_body: { waitSeconds: 3600 } });
    await ring(job);
    assertEquals(job.state, "pending");
    assertMatch(String(job.after), /^(3600\.0|3599\.9)\d\d seconds$/);
    assertEquals(retried, ["job-a", "job-c"]);
    assertEquals(job.progress, { judged: 3, of: 3 });

    job.steps["let them run"] = new Date(Date.now() - 1).toISOString();
    await ring(job);
    assertEquals([job.state, job.result], [
      "completed",
      { failed: 3, retried: 2, completed: 1 },
    ]);
    assertEquals(retried, ["job-a", "job-c"], "what was done before the sleep is not repeated");
  });
});

Deno.test("tidy-jobs judges by the error", () => {
  const retries = (last_error: string | null) => judge({ id: "", job_name: "", last_error }).retry;
  assert(retries("the function answered 429: slow down"));
  assert(retries("no answer in time: timed out"));
  assert(!retries("the account is closed"));
  assert(!retries(null));
});
