// The public contract of the article's job system, part by part: the tables and what users call.
import assert from "node:assert/strict";
import {
  clientOf,
  type Job,
  logOf,
  must,
  newUser,
  openDatabase,
  projectUnderTest,
  readJob,
  type User,
} from "./support/project.ts";

const project = projectUnderTest();
let user: User;
let stranger: User;
let database: ReturnType<typeof openDatabase>;

Deno.test.beforeAll(async () => {
  user = await newUser(project);
  stranger = await newUser(project);
  database = openDatabase(project);
});

Deno.test.afterAll(async () => {
  await database.sql`delete from auth.users where id in (${user.id}, ${stranger.id})`
    .catch(() => {});
  await database.close();
});

Deno.test("extensions: pg_cron and pg_net are installed, private is closed and not exposed", async () => {
  const extensions = await database.sql`
    select extname from pg_extension where extname in ('pg_cron', 'pg_net') order by 1`;
  assert.deepEqual(extensions.map(({ extname }) => extname), ["pg_cron", "pg_net"]);
  const [usage] = await database.sql`
    select bool_or(has_schema_privilege(role, 'private', 'usage')) as any
    from unnest(array['anon', 'authenticated', 'service_role']) role`;
  assert.equal(usage!.any, false);
  const { error } = await user.client.schema("private").rpc("run_jobs");
  assert.equal(error?.code, "PGRST106");
});

Deno.test("supabase_url() and private.jwt_secret() come from the Vault's secrets of the article", async () => {
  const [row] = await database.sql`
    select private.supabase_url() as url, private.jwt_secret() as secret,
      (select decrypted_secret from vault.decrypted_secrets where name = 'supabase_url') as vault_url,
      (select decrypted_secret from vault.decrypted_secrets where name = 'app.jwt_secret') as vault_secret`;
  assert.equal(row!.url, row!.vault_url.replace(/\/$/, ""));
  assert.equal(row!.secret, row!.vault_secret);
  assert.equal(row!.secret, project.jwtSecret);
});

Deno.test("vault seeding: seed.sql leaves secrets alone that are there", async () => {
  const secrets = () =>
    database.sql`select name, decrypted_secret from vault.decrypted_secrets order by name`;
  const before = await secrets();
  const seed = await Deno.readTextFile(new URL("../../supabase/seed.sql", import.meta.url));
  await database.sql.unsafe(seed).simple();
  assert.deepEqual([...await secrets()], [...before]);
});

Deno.test("table job: a user creates, reads, updates and deletes their own jobs, nobody else's", async () => {
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const [job] = await must(
    user.client.from("job")
      .insert({ job_name: "example-job", request_body: { a: 1 }, next_run_at: inAnHour })
      .select(),
  ) as Job[];
  assert.equal(job!.user_id, user.id);
  assert.equal(job!.state, "pending");
  assert.equal(job!.retries, 0);
  assert.equal(job!.max_retries, 3);

  const strangers = stranger.client.from("job");
  assert.deepEqual(await must(strangers.select("id").eq("id", job!.id)), []);
  const changed = await must(
    strangers.update({ request_body: {} }).eq("id", job!.id).select("id"),
  );
  assert.deepEqual(changed, []);
  assert.deepEqual(await must(strangers.delete().eq("id", job!.id).select("id")), []);

  await must(user.client.from("job").update({ request_body: { a: 2 } }).eq("id", job!.id).select());
  assert.deepEqual((await readJob(user.client, job!.id)).request_body, { a: 2 });
  const deleted = await must(user.client.from("job").delete().eq("id", job!.id).select("id"));
  assert.equal(deleted.length, 1);
});

Deno.test("table job: a blank name is refused, and so is every column of the engine's", async () => {
  const blank = await user.client.from("job").insert({ job_name: " " });
  assert.equal(blank.error?.code, "JQ422");
  for (
    const column of [
      { state: "completed" },
      { retries: 0 },
      { user_id: stranger.id },
      { locked_at: "now" },
    ]
  ) {
    const { error } = await user.client.from("job").insert({ job_name: "example-job", ...column });
    assert.equal(error?.code, "42501", JSON.stringify(column));
  }
});

Deno.test("table job: a user who is deleted takes their jobs and logs along", async () => {
  const leaver = await newUser(project);
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  const id = await must(
    leaver.client.rpc("queue_job", { _job_name: "example-job", _run_at: inAnHour }),
  );
  const admin = Deno.env.get("TEST_ADMIN_URL") ?? project.dbUrl;
  const { default: postgres } = await import("postgres");
  const sql = postgres(admin, { max: 1, onnotice: () => {} });
  try {
    await sql`delete from auth.users where id = ${leaver.id}`;
    const [left] = await sql`
      select (select count(*)::int from public.job where id = ${id}) as jobs,
        (select count(*)::int from public.job_logs where job_id = ${id}) as logs`;
    assert.deepEqual({ ...left }, { jobs: 0, logs: 0 });
  } finally {
    await sql.end();
  }
});

Deno.test("table job_config: no access for users; a limit is 1 by default and above 0", async () => {
  const signedOut = await clientOf(project).from("job_config").select();
  assert.equal(signedOut.error?.code, "42501");
  const name = `contract-${crypto.randomUUID()}`;
  const [row] = await database.sql`
    insert into public.job_config (job_name) values (${name}) returning concurrency_limit, enabled`;
  assert.deepEqual({ ...row }, { concurrency_limit: 1, enabled: true });
  const read = await user.client.from("job_config").select();
  assert.deepEqual(read.data, [], "its rows are for operators");
  const changed = await user.client.from("job_config").update({ enabled: false })
    .eq("job_name", name).select();
  assert.deepEqual(changed.data, []);
  await assert.rejects(
    Promise.resolve(
      database.sql`update public.job_config set concurrency_limit = 0 where job_name = ${name}`,
    ),
    { code: "23514" },
  );
  await database.sql`delete from public.job_config where job_name = ${name}`;
});

Deno.test("queue_job: returns the id, is the caller's, three tries by default, logs the creation", async () => {
  const id = await must(user.client.rpc("queue_job", {
    _job_name: "example-job",
    _request_body: { greeting: "hello" },
  }));
  const job = await readJob(user.client, id);
  assert.equal(job.user_id, user.id);
  assert.equal(job.max_retries, 3);
  assert.deepEqual(job.request_body, { greeting: "hello" });
  assert.match((await logOf(user.client, id))[0]!, /queued/i);
  const fives = await must(user.client.rpc("queue_job", {
    _job_name: "example-job",
    _request_body: {},
    _max_retries: 5,
  }));
  assert.equal((await readJob(user.client, fives)).max_retries, 5);
});

Deno.test("queue_job: a signed-out caller is told so", async () => {
  const { error, status } = await clientOf(project)
    .rpc("queue_job", { _job_name: "example-job", _request_body: {} });
  assert.equal(error?.code, "JQ401");
  assert.equal(status, 400);
});

Deno.test("dequeue_job: cancels a pending job, logs that, and does so once", async () => {
  const id = await queueForLater();
  assert.equal(await must(user.client.rpc("dequeue_job", { _job_id: id })), true);
  assert.equal((await readJob(user.client, id)).state, "canceled");
  assert.match((await logOf(user.client, id)).at(-1)!, /canceled/i);
  assert.equal((await user.client.rpc("dequeue_job", { _job_id: id })).data, false);
  const other = await queueForLater();
  const { error } = await stranger.client.rpc("dequeue_job", { _job_id: other });
  assert.equal(error?.code, "JQ404");
  assert.equal((await readJob(user.client, other)).state, "pending");
});

Deno.test("log_job and job_logs: a line is INFO by default and read by the job's user only", async () => {
  const id = await queueForLater();
  const { error } = await user.client.rpc("log_job", { _job_id: id, _log_message: "first" });
  assert.equal(error, null);
  await user.client.rpc("log_job", { _job_id: id, _log_message: "second", _log_level: "WARN" });
  const lines = await must(
    user.client.from("job_logs").select("log_message, log_level").eq("job_id", id).order("id"),
  );
  assert.deepEqual(lines.slice(-2), [
    { log_message: "first", log_level: "INFO" },
    { log_message: "second", log_level: "WARN" },
  ]);
  assert.deepEqual(await must(stranger.client.from("job_logs").select().eq("job_id", id)), []);
  const forged = await stranger.client.rpc("log_job", { _job_id: id, _log_message: "forged" });
  assert.equal(forged.error?.code, "JQ404");
  const direct = await user.client.from("job_logs").insert({ job_id: id, log_message: "forged" });
  assert.equal(direct.error?.code, "42501");
});

async function queueForLater(): Promise<string> {
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  return await must(
    user.client.rpc("queue_job", { _job_name: "example-job", _run_at: inAnHour }),
  );
}
