import { assert, assertEquals, assertMatch } from "@std/assert";
import { z } from "npm:zod@4.6.7";
import type { JobContext } from "../_shared/job/mod.ts";
import { until, withServed } from "./support/served.ts";

type Run = (context: JobContext<unknown>) => unknown;
const serve = (run: Run) => ({ name: "steps", body: z.unknown(), run });
const untilStopped: Run = ({ signal }) =>
  new Promise((resolve) => signal.addEventListener("abort", resolve));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("a step runs once per job, however often the job is tried", () => {
  let charged = 0;
  const run: Run = async ({ step, attempt }) => {
    const receipt = await step("charge", () => ({ number: ++charged }));
    if (attempt.number === 1) throw new Error("after the step");
    return receipt;
  };
  return withServed(serve(run), {}, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    await ringAndWait(job);
    assertEquals([job.state, job.result, charged], ["completed", { number: 1 }, 1]);
  });
});

Deno.test("a step's result is the same in the first run and in later ones", () => {
  const seen: unknown[] = [];
  const run: Run = async ({ step, attempt }) => {
    seen.push(await step("when", () => ({ at: new Date(0), gone: undefined })));
    seen.push(await step("nothing", () => {}));
    if (attempt.number === 1) throw new Error("again");
  };
  return withServed(serve(run), {}, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    await ringAndWait(job);
    const at = { at: "1970-01-01T00:00:00.000Z" };
    assertEquals(seen, [at, null, at, null]);
  });
});

Deno.test("a lost answer of save_job_step does not run the step again", () => {
  let runs = 0;
  const run: Run = ({ step }) => step("once", () => ++runs);
  return withServed(serve(run), {}, async ({ runtime, queue, ringAndWait }) => {
    let lost = 0;
    runtime.fault = ({ name }) =>
      name === "save_job_step" && lost++ === 0 ? "lost answer" : undefined;
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.result, runs, lost], [1, 1, 2]);
  });
});

Deno.test("each step has an idempotency key that stays the same", () => {
  const keys: string[] = [];
  const run: Run = async ({ step }) => {
    await step("pay", ({ idempotencyKey }) => {
      keys.push(idempotencyKey);
      throw new Error("the payment's answer was lost");
    });
  };
  return withServed(serve(run), {}, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    await ringAndWait(job);
    assertEquals(keys, [`${job.id}:pay`, `${job.id}:pay`]);
  });
});

Deno.test("a step's name that is used twice fails the job for good", () => {
  const run: Run = async ({ step }) => {
    for (const item of [1, 2]) await step("item", () => item);
  };
  return withServed(serve(run), {}, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals(job.state, "failed");
    assertMatch(job.error ?? "", /the step "item" is used twice/);
  });
});

Deno.test("a step of a stale attempt stops the handler", () => {
  let wentOn = false;
  const run: Run = async ({ step }) => {
    await pause(50);
    await step("late", () => 1);
    wentOn = true;
  };
  return withServed(serve(run), {}, async ({ runtime, queue, ring, server }) => {
    const job = queue();
    await ring(job);
    runtime.takeOver(job);
    await server.idle();
    await pause(20);
    assertEquals(wentOn, false);
    assertEquals(runtime.named("finish_job").length, 0);
  });
});

Deno.test("sleep releases the job and goes on behind it later", () => {
  const reached: string[] = [];
  const run: Run = async ({ step, sleep, progress }) => {
    await step("before", () => void reached.push("before"));
    progress("sleeping");
    await sleep("nap", 3600);
    await step("after", () => void reached.push("after"));
    return reached;
  };
  return withServed(serve(run), {}, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.state, job.after, job.retries], ["pending", "3600.000 seconds", 0]);
    assertEquals(job.progress, "sleeping");

    await ringAndWait(job);
    assertMatch(job.after ?? "", /^3599\.\d+ seconds$/, "woken too early, it sleeps on");

    job.steps["nap"] = new Date(Date.now() - 1_000).toISOString();
    await ringAndWait(job);
    assertEquals([job.state, job.result], ["completed", ["before", "after"]]);
  });
});

Deno.test("a sleep of less than a second is not worth a release", () => {
  const run: Run = ({ sleep }) => sleep("blink", new Date(Date.now() + 100));
  return withServed(serve(run), {}, async ({ runtime, queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals(job.state, "completed");
    assertEquals(runtime.named("release_job").length, 0);
  });
});

Deno.test("a job longer than the wall clock continues from its last step, each step run once", () => {
  const runs: number[] = [];
  const run: Run = async ({ step }) => {
    for (let index = 0; index < 12; index++) {
      await step(`part ${index}`, async () => {
        await pause(60);
        runs.push(index);
      });
    }
  };
  return withServed(serve(run), { wallClockSeconds: 0.4 }, async ({ queue, ringAndWait }) => {
    const job = queue();
    while (job.state === "pending") await ringAndWait(job);
    assertEquals(job.state, "completed");
    assertEquals(runs, Array.from({ length: 12 }, (_, index) => index));
    assert(job.attempt >= 3, `${job.attempt} attempts`);
    assertEquals(job.retries, 0);
  });
});

Deno.test("the deadline aborts the signal; without a saved step that is a failure", async () => {
  const stop: Run = async ({ signal, deadline }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    if (Math.abs(deadline.getTime() - Date.now()) > 50) throw new Error("not at the deadline");
    throw signal.reason;
  };
  await withServed(serve(stop), { wallClockSeconds: 0.3 }, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.retries, job.error], [1, "the time of this isolate is over"]);
  });
  const stepFirst: Run = async (context) => {
    await context.step("first", () => 1);
    await stop(context);
  };
  await withServed(serve(stepFirst), { wallClockSeconds: 0.3 }, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.state, job.retries, job.after], ["pending", 0, "0.000 seconds"]);
  });
});

Deno.test("the deadline of a job that was handed over late is no failure of that job", () => {
  let runs = 0;
  const run: Run = async ({ signal }) => {
    if (++runs === 1) return await pause(100);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    throw signal.reason;
  };
  return withServed(serve(run), { wallClockSeconds: 0.6 }, async ({ queue, ringAndWait }) => {
    const [first, late] = [queue(), queue()];
    await ringAndWait(first);
    assertEquals(runs, 2);
    assertEquals([late.state, late.retries, late.after], ["pending", 0, "0.000 seconds"]);
    assertEquals(late.logs[0]?.message, "the time of this isolate is over");
  });
});

for (const [reason, words] of [["wall_clock", "wall clock limit"], ["cpu", "CPU time limit"]]) {
  Deno.test(`an isolate that ends at the ${words}: no step was saved, so the try has failed`, () =>
    withServed(serve(untilStopped), {}, async ({ queue, ring, server }) => {
      const job = queue();
      await ring(job);
      await pause(20);
      server.unload(reason!);
      await server.idle();
      assertEquals(job.retries, 1);
      assertEquals(job.error, `the platform stopped the function: the ${words}`);
    }));
}

Deno.test("an isolate that ends after a saved step gives the job back without spending a try", () => {
  const run: Run = async (context) => {
    const { step, log } = context;
    await step("first", () => 1);
    log.info("kept");
    await untilStopped(context);
  };
  return withServed(serve(run), {}, async ({ runtime, queue, ring, server }) => {
    const [job, waiting] = [queue(), queue()];
    await ring(job);
    await until(() => job.steps["first"] === 1, "the step is saved");
    await pause(10);
    server.unload("wall_clock");
    await server.idle();
    assertEquals([job.state, job.retries, job.logs[0]?.message], ["pending", 0, "kept"]);
    assertEquals(job.logs[1]?.message, "the platform stopped the function: the wall clock limit");
    assertEquals(waiting.state, "pending", "no further job is taken");
    assertEquals(runtime.named("finish_job").length, 0);
  });
});

Deno.test("a job that was handed over is not blamed for the isolate's limit, the first three times", async () => {
  let quick = "";
  const run: Run = (context) => context.jobId === quick ? undefined : untilStopped(context);
  const end = async (attempt: number) => {
    const seen = { state: "", retries: -1, log: "" };
    await withServed(serve(run), {}, async ({ queue, ring, server }) => {
      const first = queue();
      const second = queue({ attempt });
      quick = first.id;
      await ring(first);
      await until(() => second.state === "running", "the second job is handed over");
      await pause(10);
      server.unload("cpu");
      await server.idle();
      Object.assign(seen, second, { log: second.logs[0]?.message });
    });
    return [seen.state, seen.retries, seen.log];
  };
  const why = "the platform stopped the function: the CPU time limit";
  assertEquals(await end(0), ["pending", 0, why]);
  assertEquals(await end(2), ["pending", 0, why]);
  assertEquals(await end(3), ["pending", 1, undefined]);
});

Deno.test("an isolate that is merely shut down gives its jobs back", () =>
  withServed(serve(untilStopped), {}, async ({ queue, ring, server }) => {
    const job = queue();
    await ring(job);
    await pause(20);
    server.unload("termination");
    await server.idle();
    assertEquals([job.state, job.retries], ["pending", 0]);
  }));
