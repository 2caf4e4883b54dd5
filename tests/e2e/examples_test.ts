// The examples on the stack: real rings, real functions, real database.
import assert from "node:assert/strict";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { type JobView, queueJob, watchJob } from "../../supabase/functions/_shared/job/mod.ts";
import { sendDigest } from "../../supabase/functions/send-digest/job.ts";

const env = (name: string): string => {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is not set: run this with "npm test -- e2e"`);
  return value;
};
const test = (name: string, fn: (given: Given) => Promise<void>) =>
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn: () => withUser(fn) });

interface Given {
  sql: postgres.Sql;
  supabase: SupabaseClient;
  userId: string;
}

/** A new user with a signed-in client, and a superior's view of the database. */
async function withUser(fn: (given: Given) => Promise<void>): Promise<void> {
  const sql = postgres(env("TEST_DATABASE_URL"), { max: 1, onnotice: () => {} });
  const supabase = createClient(env("TEST_API_URL"), env("TEST_ANON_KEY"), {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  try {
    const email = `${crypto.randomUUID()}@example.com`;
    const { data, error } = await supabase.auth.signUp({ email, password: "correct horse" });
    assert.equal(error, null);
    await fn({ sql, supabase, userId: data.user!.id });
  } finally {
    await sql.end();
  }
}

async function queue(supabase: SupabaseClient, name: string, body: object): Promise<string> {
  const { data, error } = await supabase.rpc("queue_job", { _job_name: name, _request_body: body });
  assert.equal(error, null);
  return data;
}

async function ended(supabase: SupabaseClient, id: string): Promise<JobView> {
  let last: JobView | undefined;
  const options = { realtime: false, signal: AbortSignal.timeout(60_000) };
  for await (const view of watchJob(supabase, id, options)) last = view;
  assert.ok(last && ["completed", "failed", "canceled"].includes(last.state), JSON.stringify(last));
  return last;
}

/** Waits until a query has rows, and returns them. */
async function rows<T>(query: () => Promise<T[]>, what: string): Promise<T[]> {
  const until = Date.now() + 60_000;
  while (true) {
    const found = await query();
    if (found.length > 0) return found;
    if (Date.now() > until) throw new Error(`waited a minute in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A third party: a feed with an ETag, and a file that is served in ranges. */
async function withThirdParty(fn: (url: string, asked: Request[]) => Promise<void>) {
  const asked: Request[] = [];
  const csv = "email,name\n" +
    Array.from({ length: 300 }, (_, n) => `u${n}@example.com,"Name ""${n}"""\n`).join("");
  const file = new TextEncoder().encode(csv);
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    asked.push(request);
    if (new URL(request.url).pathname === "/feed") {
      if (request.headers.get("If-None-Match") === '"v1"') {
        return new Response(null, { status: 304 });
      }
      const items = [{ id: "1", title: "First" }, { id: "2", title: "Second" }];
      return Response.json({ items }, { headers: { ETag: '"v1"' } });
    }
    const [from, to] = request.headers.get("Range")!.slice(6).split("-").map(Number);
    if (from! >= file.length) return new Response(null, { status: 416 });
    return new Response(file.slice(from, to! + 1), { status: 206 });
  });
  try {
    await fn(`http://127.0.0.1:${server.addr.port}`, asked);
  } finally {
    await server.shutdown();
  }
}

test("send-digest: queued from the shared definition, it counts the user's own jobs", async ({ supabase }) => {
  const day = new Date().toISOString().slice(0, 10);
  const job = await ended(supabase, await queueJob(supabase, sendDigest, { day }));
  assert.equal(job.state, "completed", job.error ?? "");
  assert.deepEqual(job.result, { day, jobs: 1, counts: { running: 1 } });
});

test("send-digest: a function that lingers takes the next job without a ring", async ({ sql, supabase }) => {
  await sql`insert into public.job_config (job_name, linger_seconds) values ('send-digest', 20)
    on conflict (job_name) do update set linger_seconds = 20`;
  try {
    await ended(supabase, await queueJob(supabase, sendDigest, { day: "2026-11-01" }));
    const id = await queueJob(supabase, sendDigest, { day: "2026-11-02" });
    assert.equal((await ended(supabase, id)).state, "completed");
    const attempts = await sql`select request_id from private.job_attempt where job_id = ${id}`;
    assert.deepEqual(attempts.map((attempt) => attempt.request_id), [null]);
  } finally {
    await sql`update public.job_config set linger_seconds = 0 where job_name = 'send-digest'`;
  }
});

test("queue-digests: one job per subscriber, none for others", async ({ sql, supabase, userId }) => {
  const { error } = await supabase.from("digest_subscription").insert({ user_id: userId });
  assert.equal(error?.code, undefined);
  const [router] = await sql`
    select private.queue_job_for_user(null, 'queue-digests', '{"day": "2026-11-23"}') as id`;
  const digests = await rows(
    () =>
      sql`select state, result from public.job where user_id = ${userId} and state = 'completed'`,
    "the digest is sent",
  );
  assert.deepEqual(digests.map((job) => job.result), [{ day: "2026-11-23", jobs: 0, counts: {} }]);
  const [done] = await rows(
    () => sql`select result from public.job where id = ${router!.id} and state = 'completed'`,
    "the router is done",
  );
  assert.ok(done!.result.queued >= 1);
});

test("poll-feed: keeps items and ETag, queues the next poll, and then finds nothing new", ({ sql, supabase, userId }) =>
  withThirdParty(async (url, asked) => {
    const [feed] = await sql`
      insert into public.feed (user_id, url) values (${userId}, ${`${url}/feed`}) returning id`;
    const first = await ended(supabase, await queue(supabase, "poll-feed", { feedId: feed!.id }));
    assert.deepEqual([first.state, first.result], ["completed", 2]);
    const [next] = await sql`
      select id, next_run_at > now() + interval '14 minutes' as later from public.job
      where user_id = ${userId} and state = 'pending'`;
    assert.equal(next!.later, true);

    await sql`update public.job set next_run_at = null where id = ${next!.id}`;
    const second = await ended(supabase, next!.id);
    assert.deepEqual([second.state, second.result], ["completed", 0]);
    assert.equal(asked[1]!.headers.get("If-None-Match"), '"v1"');
  }));

test("import-contacts: each row is there once, whatever the number of chunks", ({ sql, supabase, userId }) =>
  withThirdParty(async (url) => {
    await queue(supabase, "import-contacts", { url: `${url}/contacts.csv`, chunkBytes: 1_500 });
    await rows(
      () =>
        sql`select 1 where not exists (select from public.job where user_id = ${userId}
          and state in ('pending', 'running'))`,
      "all chunks are done",
    );
    const [count] = await sql`
      select count(*)::int as rows, count(distinct email)::int as emails
      from public.contact where user_id = ${userId}`;
    assert.deepEqual(count, { rows: 300, emails: 300 });
    const states = await sql`select distinct state from public.job where user_id = ${userId}`;
    assert.deepEqual(states.map((job) => job.state), ["completed"]);
  }));

test("index-document: many changes at once, one index, of the last version", async ({ sql, supabase, userId }) => {
  const { data, error } = await supabase.from("document").insert({ content: "one" }).select("id");
  assert.equal(error, null);
  const id: string = data![0]!.id;
  for (let words = 2; words <= 6; words++) {
    const content = Array(words).fill("word").join(" ");
    const { error } = await supabase.from("document").update({ content }).eq("id", id);
    assert.equal(error, null);
  }
  const [document] = await rows(
    () =>
      sql`select word_count, version from public.document
        where user_id = ${userId} and indexed_version = version and version = 6`,
    "the last version is indexed",
  );
  assert.deepEqual(document, { word_count: 6, version: 6 });
});

test("tidy-jobs: looks, sleeps, wakes and looks again, with each step once", async ({ sql, supabase, userId }) => {
  const [failed] = await sql`
    insert into public.job (user_id, job_name, request_body, state, retries, last_error, finished_at)
    values (${userId}, 'send-digest', '{"day": "2026-11-20"}', 'failed', 3, 'no connection', now())
    returning id`;
  const id = await queue(supabase, "tidy-jobs", { waitSeconds: 3 });
  const job = await ended(supabase, id);
  assert.deepEqual([job.state, job.result], ["completed", { failed: 1, retried: 1, completed: 1 }]);
  assert.deepEqual(job.progress, { judged: 1, of: 1 });
  const [again] = await sql`select state from public.job where id = ${failed!.id}`;
  assert.equal(again!.state, "completed");
  const [counted] = await sql`select attempt, retries from public.job where id = ${id}`;
  assert.deepEqual(counted, { attempt: 2, retries: 0 });
});

test("nightly-cleanup: prunes what is old, without a user", async ({ sql, userId }) => {
  await sql`
    with feed as (insert into public.feed (user_id, url) values (${userId}, 'https://x') returning id)
    insert into public.feed_item (feed_id, item_id, title, found_at)
    select id, n::text, 'item', now() - n * interval '1 day' from feed, generate_series(1, 40) n`;
  const [job] = await sql`
    select private.queue_job_for_user(null, 'nightly-cleanup', '{"keepDays": 30}') as id`;
  await rows(
    () => sql`select 1 from public.job where id = ${job!.id} and state = 'completed'`,
    "it is done",
  );
  const [left] = await sql`
    select count(*)::int as items from public.feed_item i join public.feed f on f.id = i.feed_id
    where f.user_id = ${userId}`;
  assert.ok(left!.items === 29 || left!.items === 30, `${left!.items} items`);
});

test("a user sees nothing of another user's examples", async ({ sql, supabase }) => {
  const other = crypto.randomUUID();
  await sql`insert into auth.users (id, email) values (${other}, ${`${other}@example.com`})`;
  await sql`insert into public.contact (user_id, email) values (${other}, 'x@example.com')`;
  await sql`insert into public.feed (user_id, url) values (${other}, 'https://x')`;
  await sql`insert into public.document (user_id, content) values (${other}, 'secret')`;
  for (const table of ["contact", "feed", "feed_item", "document", "digest_subscription"]) {
    const { data, error } = await supabase.from(table).select();
    assert.equal(error, null, table);
    assert.deepEqual(data, [], table);
  }
  const forged = await supabase.from("contact").insert({ user_id: other, email: "y@example.com" });
  assert.equal(forged.error?.code, "42501");
});
