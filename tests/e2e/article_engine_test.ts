// The public contract of the article's job system, part by part: what runs the jobs.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { jwtVerify } from "jose";
import {
  clientOf,
  type Job,
  logOf,
  must,
  newUser,
  openDatabase,
  projectUnderTest,
  readJob,
  untilJob,
  type User,
} from "./support/project.ts";

const project = projectUnderTest();
let user: User;
let database: ReturnType<typeof openDatabase>;

Deno.test.beforeAll(async () => {
  user = await newUser(project);
  database = openDatabase(project);
});

Deno.test.afterAll(async () => {
  await database.sql`delete from auth.users where id = ${user.id}`
    .catch(() => {});
  await database.close();
});

Deno.test("generate_user_jwt: an HS256 token of one hour that REST and Auth take for the user's", async () => {
  const [row] = await database.sql`
    select private.generate_user_jwt(${user.id}, 'authenticated', ${user.email}) as authorization`;
  assert.match(row!.authorization, /^Bearer /);
  const token = row!.authorization.slice("Bearer ".length);
  const { payload, protectedHeader } = await jwtVerify(
    token,
    new TextEncoder().encode(project.jwtSecret),
  );
  assert.equal(protectedHeader.alg, "HS256");
  const { sub, aud, role, email, iat, exp } = payload;
  assert.deepEqual({ sub, aud, role, email }, {
    sub: user.id,
    aud: "authenticated",
    role: "authenticated",
    email: user.email,
  });
  assert.ok(Number.isInteger(exp) && exp! - iat! === 3600);

  const client = clientOf(project, row!.authorization);
  assert.equal((await client.auth.getUser(token)).data.user?.id, user.id);
  const id = await must(client.rpc("queue_job", { _job_name: "example-job" }));
  assert.equal((await readJob(user.client, id)).user_id, user.id);
  const [callable] = await database.sql`
    select bool_or(has_function_privilege(role, 'private.generate_user_jwt(uuid, text, text)', 'execute')) as any
    from unnest(array['anon', 'authenticated', 'service_role']) role`;
  assert.equal(callable!.any, false);
});

Deno.test("run_jobs: at most concurrency_limit (1) of a user's jobs run at once, oldest first", async () => {
  const runner = await newUser(project);
  const ids: string[] = await must(runner.client.rpc("queue_jobs", {
    _jobs: [1, 2, 3].map((number) => ({ job_name: "example-job", request_body: { number } })),
  }));
  let atMost = 0;
  let jobs: Job[] = [];
  for (let waited = 0; waited < 600; waited++) {
    jobs = await must(runner.client.from("job").select("*").order("last_run_at")) as Job[];
    atMost = Math.max(atMost, jobs.filter(({ state }) => state === "running").length);
    if (jobs.every(({ state }) => state === "completed")) break;
    await delay(50);
  }
  assert.ok(jobs.every(({ state }) => state === "completed"), JSON.stringify(jobs));
  assert.equal(atMost, 1);
  assert.deepEqual(jobs.map(({ id }) => id), ids);
});

Deno.test("run_jobs: a disabled job waits, and runs once it is enabled", async () => {
  const name = `disabled-${crypto.randomUUID()}`;
  await database.sql`insert into public.job_config (job_name, enabled) values (${name}, false)`;
  const id = await must(user.client.rpc("queue_job", { _job_name: name }));
  await delay(6000);
  assert.equal((await readJob(user.client, id)).last_run_at, null);
  await database.sql`update public.job_config set enabled = true where job_name = ${name}`;
  await untilJob(user.client, id, (job) => job.last_run_at !== null);
  await database.sql`delete from public.job_config where job_name = ${name}`;
});

Deno.test("process_jobs: an answer of 204 with both headers completes the job", async () => {
  const id = await must(user.client.rpc("queue_job", { _job_name: "example-job" }));
  const job = await untilJob(user.client, id, ({ state }) => state === "completed", 30);
  assert.equal(job.retries, 0);
  assert.equal(job.locked_at, null);
  assert.ok((await logOf(user.client, id)).some((line) => /example-job ran with/.test(line)));
});

Deno.test("fail_job_with_retry: three tries in all, 5 minutes × 2^retries between them, then failed", async () => {
  const name = `not-deployed-${crypto.randomUUID()}`;
  const id = await must(user.client.rpc("queue_job", { _job_name: name, _max_retries: 3 }));
  for (const [retries, minutes] of [[1, 5], [2, 10]] as const) {
    const job = await untilJob(
      user.client,
      id,
      (job) => job.state === "pending" && job.retries === retries && job.next_run_at !== null,
      30,
    );
    const wait = (Date.parse(job.next_run_at!) - Date.now()) / 60_000;
    assert.ok(Math.abs(wait - minutes) < minutes * 0.2, `try ${retries + 1} in ${wait} minutes`);
    assert.match(job.last_error!, new RegExp(name));
    await must(user.client.from("job").update({ next_run_at: null }).eq("id", id).select("id"));
  }
  const job = await untilJob(user.client, id, ({ state }) => state === "failed", 30);
  assert.equal(job.retries, 3);
  assert.doesNotMatch((await logOf(user.client, id)).at(-1)!, /will be retried/i);
});

Deno.test("reset_stuck_jobs: a job that runs for over 15 minutes without an answer is tried again", async () => {
  const [row] = await database.sql`
    insert into public.job (user_id, job_name, state, attempt, locked_at, last_run_at)
    values (${user.id}, 'not-deployed', 'running', 1, now() - interval '16 minutes', now() - interval '16 minutes')
    returning id`;
  const job = await untilJob(user.client, row!.id, ({ state }) => state !== "running", 40);
  assert.equal(job.state, "pending");
  assert.equal(job.retries, 1);
});

Deno.test("schedules: run-jobs, process-jobs and reset-stuck-jobs are scheduled and run", async () => {
  const schedules = await database.sql`
    select j.jobname, exists (
      select from cron.job_run_details d where d.jobid = j.jobid and d.status = 'succeeded') as ran
    from cron.job j
    where j.active and j.jobname in ('run-jobs', 'process-jobs', 'reset-stuck-jobs') order by 1`;
  assert.deepEqual(schedules.map((row) => ({ ...row })), [
    { jobname: "process-jobs", ran: true },
    { jobname: "reset-stuck-jobs", ran: true },
    { jobname: "run-jobs", ran: true },
  ]);
});

Deno.test("example function: 400 without the headers, 401 without a user, both headers echoed", async () => {
  const call = (headers: Record<string, string>) =>
    fetch(`${project.apiUrl}/functions/v1/example-job`, {
      method: "POST",
      headers: { Authorization: `Bearer ${project.anonKey}`, ...headers },
      body: "{}",
    });
  const bare = await call({});
  assert.equal(bare.status, 400);
  await bare.body?.cancel();
  const id = crypto.randomUUID();
  const signedOut = await call({ "X-Job": "true", "X-Correlation-ID": id });
  assert.equal(signedOut.status, 401);
  assert.equal(signedOut.headers.get("X-Job"), "true");
  assert.equal(signedOut.headers.get("X-Correlation-ID"), id);
  await signedOut.body?.cancel();
});

Deno.test("trigger recipe: a table's trigger queues one job per key while none waits or runs", async () => {
  await database.sql.unsafe(`
    create table public.contract_note (id int primary key, text text);
    create function public.contract_note_changed() returns trigger language plpgsql as $$
    begin
      if not exists (select from public.job where job_name = 'contract-note' and state in ('pending', 'running')
        and request_body ->> 'note' = new.id::text)
      then
        perform public.queue_job('contract-note', jsonb_build_object('note', new.id));
      end if;
      return new;
    end $$;
    create trigger contract_note_changed after insert or update on public.contract_note
      for each row execute function public.contract_note_changed();
    grant all on public.contract_note to authenticated;
    insert into public.job_config (job_name, enabled) values ('contract-note', false)`).simple();
  try {
    const notes = () => user.client.from("contract_note");
    await untilFound(async () => (await notes().upsert({ id: 1, text: "a" })).error);
    assert.equal((await notes().upsert([{ id: 1, text: "b" }, { id: 2, text: "c" }])).error, null);
    const jobs = await must(
      user.client.from("job").select("request_body").eq("job_name", "contract-note").order("id"),
    );
    assert.deepEqual(jobs.map((job) => job.request_body.note).sort(), [1, 2]);
  } finally {
    await database.sql.unsafe(`
      drop table public.contract_note;
      drop function public.contract_note_changed();
      delete from public.job where job_name = 'contract-note';
      delete from public.job_config where job_name = 'contract-note'`).simple();
  }
});

/** REST reads the catalog again a moment after a table is made. */
async function untilFound(call: () => Promise<{ code?: string; message: string } | null>) {
  for (let tries = 0; tries < 50; tries++) {
    const error = await call();
    if (!error) return;
    if (error.code !== "PGRST205") throw new Error(error.message);
    await delay(100);
  }
  throw new Error("the new table was not found within 5 s");
}
