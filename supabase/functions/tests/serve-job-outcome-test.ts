import { assert, assertEquals, assertMatch } from "@std/assert";
import { z } from "npm:zod@4.6.7";
import { type JobContext, PermanentError, RetryAfterError } from "../_shared/job/mod.ts";
import { SERVICE_KEY } from "./support/fake_runtime.ts";
import { withServed } from "./support/served.ts";

type Run = (context: JobContext<unknown>) => unknown;
const serve = (run: Run) => ({ name: "outcome", body: z.unknown(), run });

Deno.test("what is thrown fails the try, with its causes in the error", () => {
  const run = () => {
    throw new Error("no mail was sent", { cause: new TypeError("x is undefined") });
  };
  return withServed(serve(run), {}, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals(job.state, "pending");
    assertEquals(job.retries, 1);
    assertEquals(job.error, "no mail was sent, caused by TypeError: x is undefined");
    assertEquals(job.logs[0]?.level, "DEBUG");
    assertMatch(job.logs[0]?.message ?? "", /run .*serve-job-outcome-test\.ts/);
  });
});

Deno.test("PermanentError fails the job for good", () => {
  const run = () => {
    throw new PermanentError("the account is closed");
  };
  return withServed(serve(run), {}, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.state, job.error], ["failed", "the account is closed"]);
  });
});

Deno.test("RetryAfterError says when to try again, by seconds or by Date", async () => {
  for (const after of [90, new Date(Date.now() + 90_000)]) {
    const run = () => {
      throw new RetryAfterError("too many requests", after);
    };
    await withServed(serve(run), {}, async ({ queue, ringAndWait }) => {
      const job = queue();
      await ringAndWait(job);
      assertMatch(job.after ?? "", /^(90\.000|89\.9\d\d) seconds$/);
      assertEquals(job.state, "pending");
    });
  }
});

for (const thrown of ["a text", { code: 7 }, undefined, null, 5n]) {
  Deno.test(`${typeof thrown} ${String(thrown)} can be thrown, too`, () => {
    const run = () => {
      throw thrown;
    };
    return withServed(serve(run), {}, async ({ queue, ringAndWait }) => {
      const job = queue();
      await ringAndWait(job);
      assertEquals(job.retries, 1);
      assert((job.error ?? "").length > 0);
    });
  });
}

Deno.test("a result that is too large, or not serialisable, is not kept, and the log says so", async () => {
  const circular: { self?: unknown } = {};
  circular.self = circular;
  for (const result of ["x".repeat(64 * 1024), 5n, circular, () => 1]) {
    await withServed(serve(() => result), {}, async ({ queue, ringAndWait }) => {
      const job = queue();
      await ringAndWait(job);
      assertEquals(job.state, "completed");
      assertEquals(job.result, null);
      assertMatch(job.logs[0]?.message ?? "", /its result was not kept: it/);
    });
  }
});

Deno.test("NUL characters, which Postgres cannot hold, are taken out of results and errors", async () => {
  await withServed(serve(() => ({ a: "x\0y", b: "\\u0000" })), {}, async (served) => {
    const job = served.queue();
    await served.ringAndWait(job);
    assertEquals(job.result, { a: "xy", b: "\\u0000" });
  });
  const run = () => {
    throw new Error("x\0y");
  };
  await withServed(serve(run), {}, async (served) => {
    const job = served.queue();
    await served.ringAndWait(job);
    assertEquals(job.error, "xy");
  });
});

Deno.test("half an emoji, which Postgres refuses as well, costs neither result, progress nor log", async () => {
  const half = "x😀".slice(0, 2);
  const run: Run = ({ log, progress }) => {
    log.info(half);
    progress(half);
    return { half, whole: "😀", escaped: "\\ud83d" };
  };
  await withServed(serve(run), {}, async ({ runtime, queue, ringAndWait }) => {
    runtime.fault = ({ args }) =>
      /(?<!\\)(\\\\)*\\ud[89a-f]/.test(JSON.stringify(args))
        ? Response.json({ code: "22P02", message: "invalid input syntax" }, { status: 400 })
        : undefined;
    const job = queue();
    await ringAndWait(job);
    assertEquals(job.result, { half: "x\uFFFD", whole: "😀", escaped: "\\ud83d" });
    assertEquals(job.logs[0]?.message, "x\uFFFD");
  });
});

Deno.test("an error is cut to 8 KiB", () => {
  const run = () => {
    throw new Error("ä".repeat(10_000));
  };
  return withServed(serve(run), {}, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    const bytes = new TextEncoder().encode(job.error ?? "").length;
    assert(bytes <= 8 * 1024 && bytes > 8_000, `${bytes} bytes`);
    assertMatch(job.error ?? "", /ä…$/);
  });
});

Deno.test("a lost answer of finish_job is asked for again, and the next job runs once", () => {
  let runs = 0;
  return withServed(serve(() => ++runs), {}, async ({ runtime, queue, ringAndWait }) => {
    let lost = 0;
    runtime.fault = ({ name }) => name === "finish_job" && lost++ === 0 ? "lost answer" : undefined;
    const [first, second] = [queue(), queue()];
    await ringAndWait(first);
    assertEquals([first.state, second.state, runs], ["completed", "completed", 2]);
    assertEquals(runtime.named("finish_job").length, 3);
  });
});

Deno.test("a database that is briefly away at the end gets the report when it is back", () =>
  withServed(serve(() => "kept"), {}, async ({ runtime, queue, ringAndWait }) => {
    let away = 0;
    runtime.fault = ({ name }) => name === "finish_job" && away++ < 4 ? "down" : undefined;
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.state, job.result, away], ["completed", "kept", 5]);
  }));

Deno.test("a result that the database refuses is not kept, and the log says so", () =>
  withServed(serve(() => "odd"), {}, async ({ runtime, queue, ringAndWait }) => {
    runtime.fault = ({ name, args }) =>
      name === "finish_job" && args._result !== null
        ? Response.json({ code: "JQ413", message: "larger than 64 KiB" }, { status: 400 })
        : undefined;
    const job = queue();
    await ringAndWait(job);
    assertEquals([job.state, job.result], ["completed", null]);
    assertMatch(job.logs[0]?.message ?? "", /not kept: finish_job answered 400: larger than/);
  }));

Deno.test("no secret appears in logs and errors", () => {
  const jwt = `eyJ${"a".repeat(20)}.eyJ${"b".repeat(20)}.${"c".repeat(30)}`;
  let token = "";
  const run: Run = ({ log }) => {
    log.info(`key ${SERVICE_KEY}, token ${token}`, { jwt, key: "sb_secret_0123456789" });
    throw new Error(`refused: Bearer ${jwt}`, { cause: new Error(`${token} ${SERVICE_KEY}`) });
  };
  return withServed(serve(run), {}, async ({ runtime, queue, server }) => {
    const job = queue();
    await runtime.ring(job, (request) => {
      token = job.token;
      return server.handle(request);
    });
    await server.idle();
    const kept = JSON.stringify([job.logs, job.error]);
    for (const secret of [SERVICE_KEY, token, jwt, "sb_secret_0123456789"]) {
      assert(secret.length > 8 && !kept.includes(secret), `${secret} was kept`);
    }
    assertMatch(job.error ?? "", /refused: Bearer \[secret\]/);
  });
});

Deno.test("admin is refused to a job with a user, unless it is served with admin: true", async () => {
  const run: Run = ({ admin }) => admin !== undefined;
  await withServed(serve(run), {}, async ({ queue, ringAndWait }) => {
    const [ofUser, ofNobody] = [queue(), queue({ user_id: null })];
    await ringAndWait(ofUser);
    assertMatch(ofUser.error ?? "", /admin is for jobs without a user/);
    await ringAndWait(ofNobody);
    assertEquals(ofNobody.result, true);
  });
  await withServed({ ...serve(run), admin: true }, {}, async ({ queue, ringAndWait }) => {
    const ofUser = queue();
    await ringAndWait(ofUser);
    assertEquals(ofUser.result, true);
  });
});

Deno.test("supabase acts as the job's user, admin as service_role", async () => {
  const seen: (string | null)[] = [];
  const other = (request: Request) => {
    seen.push(request.headers.get("Authorization"));
    return Response.json([]);
  };
  const run: Run = async ({ supabase, admin }) => {
    await supabase.from("job").select();
    await admin.from("job").select();
  };
  await withServed({ ...serve(run), admin: true }, { other }, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals(job.state, "completed");
    assertEquals(seen, [`Bearer jwt-of-${job.user_id}`, `Bearer ${SERVICE_KEY}`]);
  });
});
