import { assertEquals, assertMatch } from "@std/assert";
import { z } from "npm:zod@4.6.7";
import { type FakeJob, ringRequest } from "./support/fake_runtime.ts";
import { type Served, withServed } from "./support/served.ts";

const job = { name: "ring", body: z.object({ day: z.iso.date() }), run: () => "done" };

function withoutHeader(started: FakeJob, name: string): Request {
  const request = ringRequest(started);
  request.headers.delete(name);
  return request;
}

/** A job whose attempt has begun, but whose function was not rung yet. */
function begun({ runtime, queue }: Served): FakeJob {
  const queued = queue({ request_body: { day: "2026-11-24" } });
  runtime.takeOver(queued);
  return queued;
}

Deno.test("a ring is accepted with both headers, then the job completes", () =>
  withServed(job, {}, async ({ runtime, queue, ringAndWait }) => {
    const queued = queue({ request_body: { day: "2026-11-24" } });
    const answer = await ringAndWait(queued);
    assertEquals(answer.status, 202);
    assertEquals(answer.headers.get("X-Job"), "true");
    assertEquals(answer.headers.get("X-Correlation-ID"), queued.id);
    assertEquals(queued.state, "completed");
    assertEquals(queued.result, "done");
    assertEquals(runtime.calls.map((call) => call.name), ["start_job", "finish_job"]);
  }));

for (const name of ["X-Job", "X-Correlation-ID"]) {
  Deno.test(`a call without ${name} is refused with 400 that names it`, () =>
    withServed(job, {}, async (served) => {
      const started = begun(served);
      const answer = await served.server.handle(withoutHeader(started, name));
      assertEquals(answer.status, 400);
      assertMatch((await answer.json()).error, new RegExp(`header ${name} is missing`));
      assertEquals(served.runtime.calls.length, 0);
    }));
}

Deno.test("a correlation id that is no UUID is refused with 400", () =>
  withServed(job, {}, async (served) => {
    const request = ringRequest(begun(served));
    request.headers.set("X-Correlation-ID", "1; drop table job");
    const answer = await served.server.handle(request);
    assertEquals(answer.status, 400);
    assertMatch((await answer.json()).error, /UUID/);
  }));

for (const name of ["X-Job-Token", "X-Job-Attempt"]) {
  Deno.test(`a call without ${name} is refused with 401`, () =>
    withServed(job, {}, async (served) => {
      const answer = await served.server.handle(withoutHeader(begun(served), name));
      assertEquals(answer.status, 401);
      assertEquals(answer.headers.get("X-Job"), "true");
      await answer.body?.cancel();
      assertEquals(served.runtime.calls.length, 0);
    }));
}

for (const token of ["made-up", crypto.randomUUID()]) {
  Deno.test(`a made-up token (${token.length} characters) is refused with 401`, () =>
    withServed(job, {}, async (served) => {
      const started = begun(served);
      const request = ringRequest(started);
      request.headers.set("X-Job-Token", token);
      const answer = await served.server.handle(request);
      assertEquals(answer.status, 401);
      await answer.body?.cancel();
      assertEquals(started.state, "running");
    }));
}

Deno.test("a second delivery of the same ring starts nothing", () =>
  withServed(job, {}, async (served) => {
    const started = begun(served);
    const first = await served.server.handle(ringRequest(started));
    const second = await served.server.handle(ringRequest(started));
    await second.body?.cancel();
    await served.server.idle();
    assertEquals([first.status, second.status], [202, 401]);
    assertEquals(served.runtime.named("finish_job").length, 1);
  }));

Deno.test("a method other than POST is refused with 405", () =>
  withServed(job, {}, async ({ server }) => {
    const answer = await server.handle(new Request("http://function.local/"));
    assertEquals(answer.status, 405);
    await answer.body?.cancel();
  }));

Deno.test("the body that runs is the stored one, whatever the request says", async () => {
  const seen: unknown[] = [];
  const curious = { ...job, run: ({ body }: { body: unknown }) => void seen.push(body) };
  await withServed(curious, {}, async (served) => {
    const started = begun(served);
    const honest = ringRequest(started);
    const forged = new Request(honest.url, {
      method: "POST",
      headers: honest.headers,
      body: JSON.stringify({ day: "1999-01-01" }),
    });
    await honest.body?.cancel();
    await served.server.handle(forged);
    await served.server.idle();
    assertEquals(seen, [{ day: "2026-11-24" }]);
  });
});

Deno.test("a lost answer of start_job is asked for again by the same caller", () =>
  withServed(job, {}, async ({ runtime, queue, ringAndWait }) => {
    let lost = 0;
    runtime.fault = ({ name }) => name === "start_job" && lost++ === 0 ? "lost answer" : undefined;
    const queued = queue({ request_body: { day: "2026-11-24" } });
    assertEquals((await ringAndWait(queued)).status, 202);
    const ids = runtime.named("start_job").map((call) => call.args._call_id);
    assertEquals(ids.length, 2);
    assertEquals(ids[0], ids[1]);
    assertEquals(queued.state, "completed");
  }));

Deno.test("a refusal of start_job itself is answered with 503 and both headers", () =>
  withServed(job, {}, async ({ runtime, queue, ring }) => {
    runtime.fault = () => Response.json({ code: "42501", message: "denied" }, { status: 403 });
    const answer = await ring(queue());
    assertEquals(answer.status, 503);
    assertEquals(answer.headers.get("X-Job"), "true");
    await answer.body?.cancel();
  }));

Deno.test("an invalid body fails for good and the error names each field", () =>
  withServed(job, {}, async ({ queue, ringAndWait }) => {
    const queued = queue({ request_body: { day: "yesterday" } });
    assertEquals((await ringAndWait(queued)).status, 202);
    assertEquals(queued.state, "failed");
    assertEquals(queued.retries, 0);
    assertMatch(queued.error ?? "", /^the body of ring is invalid: body\.day: Invalid ISO date/);
  }));

Deno.test("a job of another name fails for good and the error says what to do", () =>
  withServed(job, {}, async ({ queue, ringAndWait }) => {
    const queued = queue({ job_name: "other" });
    await ringAndWait(queued);
    assertEquals(queued.state, "failed");
    assertMatch(queued.error ?? "", /serves "ring", the job is "other"/);
  }));
