import { assert, assertEquals, assertMatch } from "@std/assert";
import { z } from "npm:zod@4.6.7";
import type { JobContext, JobLog } from "../_shared/job/mod.ts";
import { retryUntil } from "../_shared/job/retry.ts";
import { withServed } from "./support/served.ts";

type Run = (context: JobContext<unknown>) => unknown;
const serve = (run: Run) => ({ name: "lease", body: z.unknown(), run });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const never = new Promise<never>(() => {});

Deno.test("a handler that ignores its signal has failed when the isolate's time is over", () => {
  const ends = Promise.withResolvers<string>();
  let ofHandler: JobLog | undefined;
  const run: Run = ({ log }) => {
    ofHandler = log;
    log.info("begun");
    return ends.promise;
  };
  const options = { wallClockSeconds: 0.6, leaseSeconds: 0.4 };
  return withServed(serve(run), options, async ({ runtime, queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.state, job.retries], ["pending", 1]);
    assertMatch(job.error ?? "", /did not stop when the time of this isolate was over.*signal/);

    const calls = runtime.calls.length;
    ofHandler?.info("still here");
    ends.resolve("too late");
    await pause(1_200);
    assertEquals(runtime.calls.length, calls, "no heartbeat, no log line, no second report");
    assertEquals(job.logs.map(({ message }) => message), ["begun"]);
    assertEquals([job.state, job.result], ["pending", null]);
  });
});

Deno.test("a handler that ignores its signal after a saved step is continued from there", () => {
  const run: Run = async ({ step }) => {
    await step("first", () => 1);
    await never;
  };
  return withServed(serve(run), { wallClockSeconds: 0.4 }, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.state, job.retries, job.after], ["pending", 0, "0.000 seconds"]);
    assertMatch(job.logs[0]?.message ?? "", /did not stop/);
  });
});

Deno.test("a handler that stops in time is not told that it did not", () => {
  const run: Run = async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await pause(30);
    return "done";
  };
  return withServed(serve(run), { wallClockSeconds: 0.5 }, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.state, job.result], ["completed", "done"]);
  });
});

Deno.test("heartbeats go on while a report has to wait", () => {
  const run: Run = ({ log }) => log.info("done");
  const options = { leaseSeconds: 0.5, leasesEnd: true, wallClockSeconds: 4 };
  return withServed(serve(run), options, async ({ runtime, queue, ringAndWait }) => {
    const since = Date.now();
    runtime.fault = ({ name }) =>
      name === "log_job_attempt" && Date.now() - since < 1_200 ? "down" : undefined;
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.state, job.logs[0]?.message], ["completed", "done"]);
    assert(runtime.named("heartbeat_job").length >= 3);
  });
});

Deno.test("heartbeats reach a database that comes back shortly before the lease is over", () => {
  const options = { leaseSeconds: 2, leasesEnd: true };
  return withServed(serve(() => pause(2_300)), options, async ({ runtime, queue, ringAndWait }) => {
    const job = queue();
    runtime.fault = ({ name }) =>
      name === "heartbeat_job" && Date.now() - job.heardAt < 1_600 ? "down" : undefined;
    await ringAndWait(job);
    assertEquals(job.state, "completed");
  });
});

Deno.test("a call that hangs is given up while the lease leaves time for another", () => {
  const options = { leaseSeconds: 1.5, leasesEnd: true };
  return withServed(serve(() => "kept"), options, async ({ runtime, queue, ringAndWait }) => {
    let hung = 0;
    runtime.fault = ({ name }) =>
      name === "heartbeat_job"
        ? "down"
        : name === "finish_job" && hung++ === 0
        ? "hangs"
        : undefined;
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.state, job.result, hung], ["completed", "kept", 2]);
  });
});

const tries = async (options: { until: number; leaseUntil?(): number }, longestPause = 10_000) => {
  const at: number[] = [];
  const startedAt = Date.now();
  const fail = () => {
    at.push(Date.now() - startedAt);
    return Promise.reject(new Error("away"));
  };
  const isTransient = () => true;
  await retryUntil(fail, { ...options, isTransient, firstPause: 1_000, longestPause }).catch(
    () => {},
  );
  return at;
};

Deno.test("the last pause leaves time for another try", async () => {
  const at = await tries({ until: Date.now() + 400 });
  assert(at.length >= 4, `tries at ${at}`);
  assert(at.at(-1)! >= 350 && at.at(-1)! <= 450, `tries at ${at}`);
});

Deno.test("while a lease runs, each pause is at most half of what is left of it", async () => {
  const leaseUntil = Date.now() + 600;
  const at = await tries({ until: Date.now() + 700, leaseUntil: () => leaseUntil });
  const inTime = at.filter((ms) => ms < 600);
  assert(inTime.length >= 4 && inTime.at(-1)! >= 500, `tries at ${at}`);
});

Deno.test("one try is one try", async () => {
  assertEquals((await tries({ until: 0 })).length, 1);
});

Deno.test("a lease that is over makes nothing hasty", async () => {
  const at = await tries({ until: Date.now() + 300, leaseUntil: () => 1 }, 100);
  assert(at.length <= 8, `tries at ${at}`);
});
