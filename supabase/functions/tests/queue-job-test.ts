import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createClient } from "npm:@supabase/supabase-js@2.119.1";
import { z } from "npm:zod@4.6.7";
import { defineJob, JobBodyError, QueueError, queueJob, queueJobs } from "../_shared/job/mod.ts";

const sendMail = defineJob({
  name: "send-mail",
  body: z.object({ to: z.email(), copies: z.number().default(1) }),
});

/** A client that keeps its calls and answers with what it is told. */
function client(answer: { data: unknown; error: { message: string; code?: string } | null }) {
  const calls: unknown[][] = [];
  const rpc = (...call: unknown[]) => {
    calls.push(call);
    return Promise.resolve(answer);
  };
  return { rpc, calls };
}

Deno.test("queueJob sends what was given and returns the id", async () => {
  const supabase = client({ data: "the-id", error: null });
  assertEquals(await queueJob(supabase, sendMail, { to: "a@example.com" }), "the-id");
  await queueJob(supabase, sendMail, { to: "a@example.com" }, {
    maxRetries: 5,
    runAt: new Date(0),
    priority: 2,
    uniqueKey: "k",
  });
  const first = { _job_name: "send-mail", _request_body: { to: "a@example.com" } };
  assertEquals(supabase.calls, [
    ["queue_job", first],
    ["queue_job", {
      ...first,
      _max_retries: 5,
      _run_at: "1970-01-01T00:00:00.000Z",
      _priority: 2,
      _unique_key: "k",
    }],
  ]);
});

Deno.test("queueJob refuses a wrong body with the field's path, before anything is sent", async () => {
  const supabase = client({ data: null, error: null });
  await assertRejects(
    () => queueJob(supabase, sendMail, { to: "nobody" }),
    JobBodyError,
    "body.to: Invalid email",
  );
  // @ts-expect-error: the compiler refuses a body without "to"
  await assertRejects(() => queueJob(supabase, sendMail, {}), JobBodyError);
  assertEquals(supabase.calls.length, 0);
});

Deno.test("queueJob passes on the database's refusal with its code", async () => {
  const supabase = client({ data: null, error: { message: "sign in first", code: "JQ401" } });
  const { code } = await assertRejects(
    () => queueJob(supabase, sendMail, { to: "a@example.com" }),
    QueueError,
    "sign in first",
  );
  assertEquals(code, "JQ401");
});

Deno.test("queueJobs sends all in one call, or none if one is wrong", async () => {
  const supabase = client({ data: ["1", "2"], error: null });
  const good = { body: { to: "a@example.com" }, userId: "u" };
  assertEquals(await queueJobs(supabase, sendMail, [good, good]), ["1", "2"]);
  await assertRejects(() => queueJobs(supabase, sendMail, [good, { body: { to: "" } }]));
  assertEquals(supabase.calls.length, 1);
});

Deno.test("a job cannot have a name that no function can have", () => {
  for (const name of ["", "1st", "../x", "a b", "ä", "x".repeat(129)]) {
    assertThrows(() => defineJob({ name, body: z.unknown() }), TypeError, name);
  }
});

Deno.test("queueJob takes clients of supabase-js, typed or not", async () => {
  interface Database {
    public: {
      Tables: Record<never, never>;
      Views: Record<never, never>;
      Functions: { queue_job: { Args: { _job_name: string }; Returns: string } };
    };
  }
  const queue = () =>
    Promise.all([
      queueJob(createClient("http://127.0.0.1", "key"), sendMail, { to: "" }),
      queueJob(createClient<Database>("http://127.0.0.1", "key"), sendMail, { to: "" }),
    ]);
  await assertRejects(queue, JobBodyError);
});

Deno.test("queueJobs refuses more jobs than the API would return ids for, before anything is sent", async () => {
  const supabase = client({ data: [], error: null });
  const jobs = Array.from({ length: 1_001 }, () => ({ body: { to: "a@example.com" } }));
  await assertRejects(
    () => queueJobs(supabase, sendMail, jobs),
    QueueError,
    "at most 1000 jobs in a call, found 1001",
  );
  assertEquals(supabase.calls.length, 0);
});
