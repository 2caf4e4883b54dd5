// What a function's answer makes of its job, through the whole chain, in both protocols.
import assert from "node:assert/strict";
import { type Stack, startStack } from "../../stack/stack.ts";
import { type Clone, cloneProject } from "./support/clone.ts";
import {
  type Job,
  logOf,
  must,
  newUser,
  openDatabase,
  untilJob,
  type User,
} from "./support/project.ts";

/** Answers as its body says: the article's protocol, in every variation. */
const ANSWERS = `
Deno.serve(async (request) => {
  const { status, echo = ["X-Job", "X-Correlation-ID"], headers = {}, json } = await request.json();
  const echoed = Object.fromEntries(echo.map((name) => [name, request.headers.get(name)]));
  const body = json === "the request" ? JSON.stringify(Object.fromEntries(request.headers))
    : json === undefined ? null : JSON.stringify(json);
  return new Response(body, { status, headers: { ...echoed, ...headers } });
});`;

/** With the library: fails its first try, keeps what it has done, completes the second. */
const SECOND_TRY = `
import { z } from "npm:zod@4.6.7";
import { serveJob } from "../_shared/job/mod.ts";
serveJob({
  name: "second-try",
  body: z.object({ to: z.string() }),
  async run({ body, user, log, step, attempt }) {
    const made = await step("make", () => crypto.randomUUID());
    log.info("try " + (attempt.retries + 1) + " made " + made);
    if (attempt.retries === 0) throw new Error("the first try fails");
    return "sent to " + body.to + " for " + user.id;
  },
});`;

let clone: Clone;
let stack: Stack;
let user: User;

Deno.test.beforeAll(async () => {
  clone = await cloneProject();
  const functionsDir = `${clone.folder}/supabase/functions`;
  for (const [name, source] of Object.entries({ answers: ANSWERS, "second-try": SECOND_TRY })) {
    await Deno.mkdir(`${functionsDir}/${name}`);
    await Deno.writeTextFile(`${functionsDir}/${name}/index.ts`, source);
  }
  await Deno.mkdir(`${functionsDir}/boots-not`);
  await Deno.writeTextFile(`${functionsDir}/boots-not/index.ts`, `throw new Error("no");`);
  stack = await startStack({
    dataDir: `${clone.folder}/data`,
    projectDir: clone.folder,
    ports: "free",
    fsync: false,
    quiet: true,
  });
  const { sql, close } = openDatabase(stack);
  await sql`insert into public.job_config (job_name, concurrency_limit) values ('answers', 20)`;
  await close();
  user = await newUser(stack);
});

Deno.test.afterAll(async () => {
  await stack.stop();
  const left = clone.processes();
  await clone.remove();
  assert.deepEqual(left, []);
});

Deno.test("the ring carries the article's headers, the body and the user's own token", async () => {
  const { job } = await run({ status: 200, json: "the request" });
  const headers = job.result as Record<string, string>;
  assert.equal(headers["content-type"], "application/json");
  assert.equal(headers["x-job"], "true");
  assert.equal(headers["x-correlation-id"], job.id);
  assert.equal(headers["x-job-attempt"], "1");
  assert.match(headers["x-job-token"]!, /^[0-9a-f-]{36}$/);
  const [, claims] = headers["authorization"]!.replace("Bearer ", "").split(".");
  const { sub, role } = JSON.parse(atob(claims!.replaceAll("-", "+").replaceAll("_", "/")));
  assert.deepEqual({ sub, role }, { sub: user.id, role: "authenticated" });
});

Deno.test("200, 201 and 204 with both headers complete the job; a JSON body is its result", async () => {
  const answers = [{ status: 200, json: { sent: 3 } }, { status: 201, json: "done" }, {
    status: 204,
  }];
  await Promise.all(answers.map(async (answer) => {
    const { job } = await run(answer);
    assert.equal(job.state, "completed", `${answer.status}: ${job.last_error}`);
    assert.deepEqual(job.result, answer.json ?? null);
  }));
});

Deno.test("any other answer with both headers is a failed try, and the job waits for the next", async () => {
  await Promise.all([400, 401, 404, 500, 503].map(async (status) => {
    const { job } = await run({ status });
    assert.equal(job.state, "pending");
    assert.equal(job.retries, 1);
    assert.match(job.last_error!, new RegExp(`the function answered ${status}`));
    assert.ok(Date.parse(job.next_run_at!) - Date.now() > 200_000, `next at ${job.next_run_at}`);
  }));
});

Deno.test("Retry-After says when the next try is", async () => {
  const { job } = await run({ status: 503, headers: { "Retry-After": "60" } });
  const seconds = (Date.parse(job.next_run_at!) - Date.now()) / 1000;
  assert.ok(seconds > 40 && seconds <= 60, `${seconds} s`);
});

Deno.test("X-Job-Retry: never fails the job for good", async () => {
  const { job } = await run({ status: 422, headers: { "X-Job-Retry": "never" } });
  assert.equal(job.state, "failed");
  assert.equal(job.retries, 1);
});

Deno.test("a 2xx without the headers fails the job, and the log says which is missing", async () => {
  for (
    const [echo, missing] of [[["X-Job"], "X-Correlation-ID"], [["X-Correlation-ID"], "X-Job"]]
  ) {
    const { job, log } = await run({ status: 200, echo });
    assert.equal(job.state, "failed");
    assert.match(log.join("\n"), new RegExp(`did not echo ${missing}`));
  }
});

Deno.test("the gateway's own answers are failed tries with their cause in words", async () => {
  const [missing, broken] = await Promise.all([
    runJob("not-deployed", {}),
    runJob("boots-not", {}),
  ]);
  assert.match(missing.job.last_error!, /no function named not-deployed is deployed/);
  assert.equal(broken.job.state, "pending");
  assert.match(broken.job.last_error!, /503/);
});

Deno.test("with the library: a failed try, a kept step, a second try, a result and its log", async () => {
  const id = await must(
    user.client.rpc("queue_job", { _job_name: "second-try", _request_body: { to: "ada" } }),
  );
  const failed = await untilJob(user.client, id, ({ retries }) => retries === 1);
  assert.match(failed.last_error!, /the first try fails/);
  await must(user.client.from("job").update({ next_run_at: null }).eq("id", id).select("id"));
  const job = await untilJob(user.client, id, ({ state }) => state === "completed");
  assert.equal(job.result, `sent to ada for ${user.id}`);
  const lines = (await logOf(user.client, id)).filter((line) => / made /.test(line));
  assert.equal(lines.length, 2, lines.join("\n"));
  assert.equal(lines[0]!.split(" made ")[1], lines[1]!.split(" made ")[1], "the step ran once");
});

Deno.test("with the library: an invalid body fails for good and the log names the field", async () => {
  const { job, log } = await runJob("second-try", { to: 7 });
  assert.equal(job.state, "failed");
  assert.match(log.join("\n"), /body\.to/);
});

Deno.test("with the library: made-up headers are refused, whoever sends them", async () => {
  const { data } = await user.client.auth.getSession();
  const response = await fetch(`${stack.apiUrl}/functions/v1/second-try`, {
    method: "POST",
    headers: {
      "Authorization": `Bearer ${data.session!.access_token}`,
      "Content-Type": "application/json",
      "X-Job": "true",
      "X-Correlation-ID": crypto.randomUUID(),
      "X-Job-Attempt": "1",
      "X-Job-Token": crypto.randomUUID(),
    },
    body: "{}",
  });
  assert.equal(response.status, 401);
  await response.body?.cancel();
});

function run(body: unknown) {
  return runJob("answers", body);
}

/** Queues a job and waits until its first try is over. */
async function runJob(name: string, body: unknown): Promise<{ job: Job; log: string[] }> {
  const id = await must(user.client.rpc("queue_job", { _job_name: name, _request_body: body }));
  const over = (job: Job) => job.state === "completed" || job.state === "failed" || job.retries > 0;
  const job = await untilJob(user.client, id, over, 30);
  return { job, log: await logOf(user.client, id) };
}
