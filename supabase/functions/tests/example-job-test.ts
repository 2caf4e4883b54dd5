import { assert, assertEquals, assertMatch } from "@std/assert";
import { ringRequest, USER } from "./support/fake_runtime.ts";
import { withFunction } from "./support/function.ts";

/** Auth, which knows one user, and log_job, which works or not. */
function project(options: { user?: boolean; logWorks?: boolean } = {}) {
  const logged: unknown[] = [];
  const other = async (request: Request, url: URL) => {
    if (url.pathname === "/auth/v1/user") {
      if (options.user === false) return Response.json({ message: "bad jwt" }, { status: 401 });
      return Response.json({ id: USER, aud: "authenticated" });
    }
    if (url.pathname !== "/rest/v1/rpc/log_job") return undefined;
    logged.push({ as: request.headers.get("Authorization"), ...await request.json() });
    if (options.logWorks === false) return Response.json({ message: "no" }, { status: 400 });
    return new Response(null, { status: 204 });
  };
  return { other, logged };
}

Deno.test("example-job does its work as the user and answers 204 with both headers", () => {
  const { other, logged } = project();
  return withFunction("example-job", { other }, async ({ queue, ring }) => {
    const job = queue({ request_body: { hello: "world" } });
    const answer = await ring(job);
    assertEquals(answer.status, 204);
    assertEquals(answer.headers.get("X-Job"), "true");
    assertEquals(answer.headers.get("X-Correlation-ID"), job.id);
    assertEquals(logged, [{
      as: `Bearer jwt-of-${USER}`,
      _job_id: job.id,
      _log_message: 'example-job ran with {"hello":"world"}',
    }]);
  });
});

for (const name of ["X-Job", "X-Correlation-ID"]) {
  Deno.test(`example-job refuses a call without ${name} with 400`, () =>
    withFunction("example-job", project(), async ({ handle, queue }) => {
      const request = ringRequest(queue());
      request.headers.delete(name);
      const answer = await handle(request);
      assertEquals(answer.status, 400);
      assertMatch((await answer.json()).error, new RegExp(`${name} is missing`));
    }));
}

Deno.test("example-job refuses a call without a user with 401 and both headers", () =>
  withFunction("example-job", project({ user: false }), async ({ queue, ring }) => {
    const answer = await ring(queue());
    assertEquals(answer.status, 401);
    assertEquals(answer.headers.get("X-Job"), "true");
    await answer.body?.cancel();
  }));

Deno.test("example-job answers 500 with both headers and the reason when its work fails", () =>
  withFunction("example-job", project({ logWorks: false }), async ({ queue, ring }) => {
    const answer = await ring(queue());
    assertEquals(answer.status, 500);
    assert(answer.headers.get("X-Correlation-ID"));
    assertMatch((await answer.json()).error, /log_job was refused/);
  }));
