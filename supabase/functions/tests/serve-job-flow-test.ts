import { assert, assertEquals, assertMatch } from "@std/assert";
import { z } from "npm:zod@4.6.7";
import type { JobContext } from "../_shared/job/mod.ts";
import { createLogBuffer } from "../_shared/job/log_buffer.ts";
import type { LogLine } from "../_shared/job/runtime_api.ts";
import { until, withServed } from "./support/served.ts";

type Run = (context: JobContext<unknown>) => unknown;
const serve = (run: Run) => ({ name: "flow", body: z.unknown(), run });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("one ring drains a backlog, each job as its own user", () => {
  const users: (string | null)[] = [];
  const run: Run = ({ user }) => void users.push(user?.id ?? null);
  return withServed(serve(run), {}, async ({ runtime, queue, ringAndWait }) => {
    const backlog = Array.from({ length: 20 }, () => queue({ user_id: crypto.randomUUID() }));
    await ringAndWait(backlog[0]!);
    assert(backlog.every((job) => job.state === "completed"));
    assertEquals(users, backlog.map((job) => job.user_id));
    assertEquals(runtime.named("start_job").length, 1);
    assertEquals(runtime.calls.length, 21);
  });
});

Deno.test("a failed job does not stop the ones after it", () => {
  let runs = 0;
  const run: Run = () => {
    if (++runs === 1) throw new Error("first");
  };
  return withServed(serve(run), {}, async ({ queue, ringAndWait }) => {
    const [first, second] = [queue(), queue()];
    await ringAndWait(first);
    assertEquals([first.state, second.state], ["pending", "completed"]);
  });
});

Deno.test("no job is taken after half of the wall clock", () =>
  withServed(serve(() => pause(1_100)), { wallClockSeconds: 2 }, async (served) => {
    const [first, second] = [served.queue(), served.queue()];
    await served.ringAndWait(first);
    assertEquals([first.state, second.state], ["completed", "pending"]);
    assertEquals(served.runtime.named("finish_job")[0]?.args._accept_next, false);
  }));

Deno.test("a lingering function takes a job that comes later, without a ring", () =>
  withServed(
    serve(() => "done"),
    { lingerSeconds: 0.6 },
    async ({ runtime, queue, ring, server }) => {
      await ring(queue());
      await until(() => runtime.named("next_job").length >= 2, "it asks for more");
      const later = queue();
      await until(() => later.state === "completed", "the later job is done");
      await server.idle();
      assertEquals(runtime.named("start_job").length, 1);
      const staying = runtime.named("next_job").map((call) => call.args._linger_seconds);
      assert(staying[0]! <= 0.6 && staying[0]! > 0.3, `said it stays for ${staying[0]} s`);
      assertEquals(staying.at(-1), 0);
    },
  ));

Deno.test("a job whose hand-over was lost on the way is handed over by the repeated call", () =>
  withServed(serve(() => "done"), { lingerSeconds: 0.6 }, async (served) => {
    const { runtime, queue, ring, server } = served;
    let lost = 0;
    runtime.fault = ({ name }) =>
      name === "next_job" && runtime.jobs.length > 1 && lost++ < 2 ? "lost answer" : undefined;
    await ring(queue());
    await until(() => runtime.named("next_job").length >= 2, "it asks for more");
    const later = queue();
    await server.idle();
    assertEquals([later.state, later.attempt, lost > 2], ["completed", 1, true]);
    const calls = runtime.named("next_job").map((call) => call.args._call_id);
    assert(new Set(calls).size <= calls.length - 2, "the lost ones were repeated as they were");
  }));

Deno.test("only one of the work loops of an isolate lingers", () =>
  withServed(
    serve(() => pause(50)),
    { lingerSeconds: 0.5 },
    async ({ runtime, queue, ring, server }) => {
      await Promise.all([ring(queue()), ring(queue()), ring(queue())]);
      await server.idle();
      const asked = runtime.named("next_job").length;
      assert(asked >= 3 && asked <= 7, `asked ${asked} times`);
    },
  ));

Deno.test("without lingering nobody asks for more", () =>
  withServed(serve(() => "done"), {}, async ({ runtime, queue, ringAndWait }) => {
    await ringAndWait(queue());
    assertEquals(runtime.named("next_job").length, 0);
  }));

Deno.test("a canceled job's handler stops within one heartbeat and the job is canceled", () => {
  let stoppedAfter = 0;
  const run: Run = async ({ signal }) => {
    const startedAt = Date.now();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    stoppedAfter = Date.now() - startedAt;
    signal.throwIfAborted();
  };
  return withServed(serve(run), { leaseSeconds: 0.4 }, async ({ queue, ring, server }) => {
    const job = queue();
    await ring(job);
    job.cancelAsked = true;
    await server.idle();
    assertEquals(job.state, "canceled");
    assert(stoppedAfter > 0 && stoppedAfter < 250, `stopped after ${stoppedAfter} ms`);
  });
});

Deno.test("a handler that returns early because it was canceled is canceled, not completed", () => {
  const run: Run = async ({ signal }) => {
    while (!signal.aborted) await pause(10);
  };
  return withServed(serve(run), { leaseSeconds: 0.2 }, async ({ queue, ringAndWait }) => {
    const job = queue({ cancelAsked: true });
    await ringAndWait(job);
    assertEquals(job.state, "canceled");
  });
});

Deno.test("a stale attempt is aborted and reports nothing", () => {
  let reason: unknown;
  const run: Run = async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    reason = signal.reason;
    return "too late";
  };
  return withServed(serve(run), { leaseSeconds: 0.4 }, async ({ runtime, queue, ring, server }) => {
    const job = queue();
    await ring(job);
    runtime.takeOver(job);
    await server.idle();
    assertMatch(String(reason), /not the job's live one/);
    assertEquals(runtime.named("finish_job").length, 0);
    assertEquals([job.state, job.result], ["running", null]);
  });
});

Deno.test("a lease that runs out while the database is away stops the handler", () => {
  let reason: unknown;
  const run: Run = async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    reason = signal.reason;
  };
  return withServed(serve(run), { leaseSeconds: 0.3 }, async ({ runtime, queue, ringAndWait }) => {
    runtime.fault = ({ name }) => name === "heartbeat_job" ? "down" : undefined;
    await ringAndWait(queue());
    assertMatch(String(reason), /for the length of a lease/);
    assertEquals(runtime.named("finish_job").length, 0);
  });
});

Deno.test("heartbeats go on while a database is away for less than a lease", () =>
  withServed(serve(() => pause(300)), { leaseSeconds: 0.4 }, async (served) => {
    let beats = 0;
    served.runtime.fault = ({ name }) =>
      name === "heartbeat_job" && ++beats === 1 ? "down" : undefined;
    const job = served.queue();
    await served.ringAndWait(job);
    assertEquals(job.state, "completed");
    assert(beats >= 2, `${beats} beats`);
  }));

Deno.test("progress is carried by heartbeats, not by a call each", () => {
  const run: Run = async ({ progress }) => {
    for (let done = 1; done <= 100; done++) progress({ done });
    await pause(150);
  };
  return withServed(serve(run), { leaseSeconds: 0.4 }, async ({ runtime, queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals(job.progress, { done: 100 });
    assert(runtime.named("heartbeat_job").length <= 2);
  });
});

Deno.test("logs are sent in one batch before the end, in order and with their levels", () => {
  const run: Run = ({ log }) => {
    log.debug("one");
    log.info("two", { of: 4 });
    log.warn("three");
    log.error("four", 4n);
  };
  return withServed(serve(run), {}, async ({ runtime, queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals(job.logs.map(({ level, message }) => `${level} ${message}`), [
      "DEBUG one",
      'INFO two {"of":4}',
      "WARN three",
      "ERROR four (it is not serialisable: Do not know how to serialize a BigInt)",
    ]);
    assertEquals(runtime.calls.map((call) => call.name), [
      "start_job",
      "log_job_attempt",
      "finish_job",
    ]);
  });
});

Deno.test("a log is sent when it is full and when it is old", async () => {
  const batches: LogLine[][] = [];
  const { log, flush } = createLogBuffer((lines) => {
    batches.push(lines);
    return Promise.resolve();
  }, (text) => text);
  for (let line = 0; line < 50; line++) log.info(`line ${line}`);
  await until(() => batches.length === 1, "the full batch is sent", 500);
  for (let line = 50; line < 60; line++) log.info(`line ${line}`);
  await until(() => batches.length === 2, "the rest is sent when it is old", 3_000);
  assertEquals(batches.map((batch) => batch.length), [50, 10]);
  await flush(0);
});

Deno.test("lines are kept in order while the database is away, the oldest dropped and counted", async () => {
  const sent: LogLine[] = [];
  let away = true;
  const { log, flush } = createLogBuffer((lines) => {
    if (away) return Promise.reject(new Error("away"));
    sent.push(...lines);
    return Promise.resolve();
  }, (text) => text);
  for (let line = 0; line < 1_010; line++) log.info(`line ${line}`);
  await flush(0);
  away = false;
  await flush(0);
  assertMatch(sent[0]?.message ?? "", /^11 lines before this one were dropped/);
  assertEquals(sent[1]?.message, "line 11");
  assertEquals(sent.at(-1)?.message, "line 1009");
  assertEquals(sent.length, 1_000);
});
