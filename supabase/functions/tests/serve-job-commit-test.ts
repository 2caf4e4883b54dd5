import { assert, assertEquals, assertMatch } from "@std/assert";
import { z } from "npm:zod@4.6.7";
import type { JobContext } from "../_shared/job/mod.ts";
import { until, withServed } from "./support/served.ts";

/** These tests commit SQL functions that the project does not have. */
type Context = Omit<JobContext<unknown>, "commit"> & {
  commit(rpc: string, args?: object): Promise<unknown>;
};
type Run = (context: Context) => unknown;
const serve = (run: Run) => ({
  name: "commit",
  body: z.unknown(),
  run: run as (context: JobContext<unknown>) => unknown,
});

Deno.test("commit runs the SQL function and completes the job in one call", () => {
  const committed: unknown[] = [];
  const run: Run = async ({ commit, log }) => {
    log.info("about to commit");
    return `${await commit("book_seats", { _seats: 2 })} and ignored`;
  };
  const commitFunction = (name: string, args: unknown) => {
    committed.push(name, args);
    return "booked";
  };
  return withServed(serve(run), { commitFunction }, async ({ runtime, queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.state, job.result], ["completed", "booked"]);
    assertEquals(committed, ["book_seats", { _seats: 2 }]);
    assertEquals(job.logs[0]?.message, "about to commit");
    assertEquals(runtime.named("finish_job").length, 0);
  });
});

Deno.test("a commit whose answer is lost happens once, and the handler sees its result", () => {
  let effects = 0;
  const seen: unknown[] = [];
  const run: Run = async ({ commit, signal }) => {
    seen.push(await commit("book_seats"), signal.aborted);
  };
  const options = { leaseSeconds: 0.2, commitFunction: () => ++effects };
  return withServed(serve(run), options, async ({ runtime, queue, ringAndWait }) => {
    let lost = 0;
    runtime.fault = ({ name }) => name === "commit_job" && lost++ < 3 ? "lost answer" : undefined;
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.state, effects, lost], ["completed", 1, 4]);
    assertEquals(seen, [1, false], "also when a heartbeat says meanwhile that it is over");
    assert(runtime.named("heartbeat_job").length > 0);
  });
});

Deno.test("two commits are two calls: the second one of an attempt finds it over", () => {
  let error: unknown;
  const run: Run = async ({ commit }) => {
    await commit("book_seats");
    await commit("book_seats").catch((thrown) => error = thrown);
  };
  return withServed(serve(run), {}, async ({ runtime, queue, ringAndWait }) => {
    await ringAndWait(queue());
    await until(() => error !== undefined, "the second commit is refused");
    assertMatch(String(error), /not the job's live one/);
    const ids = runtime.named("commit_job").map((call) => call.args._call_id);
    assertEquals(new Set(ids).size, 2);
  });
});

Deno.test("what the SQL function raises fails the try, and nothing is committed", () => {
  const run: Run = ({ commit }) => commit("book_seats");
  const commitFunction = () => {
    throw new Error("no seats left");
  };
  return withServed(serve(run), { commitFunction }, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.state, job.retries], ["pending", 1]);
    assertMatch(job.error ?? "", /no seats left/);
  });
});

Deno.test("after a commit the function takes the next job", () => {
  const run: Run = ({ commit }) => commit("book_seats");
  return withServed(serve(run), {}, async ({ queue, ringAndWait }) => {
    const [first, second] = [queue(), queue()];
    await ringAndWait(first);
    assertEquals([first.state, second.state], ["completed", "completed"]);
  });
});
