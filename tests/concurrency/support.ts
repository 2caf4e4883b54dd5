// Connections, users and names of one test of concurrency, and what is cleaned up after it.
import assert from "node:assert/strict";
import process from "node:process";
import postgres from "postgres";

export type Sql = postgres.Sql;

/** One job as the runtime API hands it to a function. */
export interface Held {
  id: string;
  job_name: string;
  token: string;
}

/** What finish_job and its like answer. */
export interface Answer {
  status: string;
  state?: string;
  next?: Held | null;
  job?: Held;
}

/** A test's own corner of the database. */
export interface World {
  /** As the superuser: makes users, looks at everything. */
  admin: Sql;
  users: string[];
  /** A job name of this test only. */
  name(suffix: string): string;
  /** A connection of its own, as the project's role postgres. */
  connect(): Sql;
  /** Warnings of the engine: it hides an error of its own behind nothing else. */
  warnings: string[];
}

/** A generator of numbers in [0, 1) that a seed determines (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function urlOf(variable: string): string {
  const url = process.env[variable];
  assert.ok(url, `set ${variable} to the URL of a migrated database, or use npm test`);
  return url;
}

/** Runs a test in a world of its own, checks that it met no deadlock, and removes what it made. */
export async function withWorld(run: (world: World) => Promise<void>): Promise<void> {
  const prefix = `t${crypto.randomUUID().slice(0, 8)}`;
  const warnings: string[] = [];
  const connections: Sql[] = [];
  const open = (url: string) => {
    const sql = postgres(url, {
      max: 1,
      connection: { application_name: prefix },
      onnotice: (notice) => {
        if (notice.severity === "WARNING") warnings.push(notice.message ?? "");
      },
    });
    connections.push(sql);
    return sql;
  };
  const admin = open(urlOf("TEST_ADMIN_URL"));
  const users = Array.from({ length: 5 }, () => crypto.randomUUID());
  await admin`insert into auth.users (id, email)
    select u::uuid, u || '@example.test' from unnest(${users}::text[]) u`;
  const seeded = await seedVault(admin);
  const deadlocks = await countDeadlocks(admin);
  try {
    await run({
      admin,
      users,
      name: (suffix) => `${prefix}-${suffix}`,
      connect: () => open(urlOf("TEST_DATABASE_URL")),
      warnings,
    });
    await Promise.all(connections.slice(1).map((sql) => sql.end({ timeout: 5 })));
    await untilGone(admin, prefix);
    assert.equal(await countDeadlocks(admin), deadlocks, "PostgreSQL reported a deadlock");
    assert.deepEqual(warnings, [], "the engine warned");
  } finally {
    await Promise.all(connections.slice(1).map((sql) => sql.end({ timeout: 0 })));
    await admin`delete from net.http_request_queue where url like ${`%/functions/v1/${prefix}-%`}`;
    await admin`delete from public.job where job_name like ${`${prefix}-%`}`;
    await admin`delete from public.job_config where job_name like ${`${prefix}-%`}`;
    await admin`delete from private.lane_cursor where job_name like ${`${prefix}-%`}`;
    await admin`delete from private.job_start where job_name like ${`${prefix}-%`}`;
    await admin`delete from private.job_linger where job_name like ${`${prefix}-%`}`;
    await admin`delete from auth.users where id = any (${users}::uuid[])`;
    await admin`delete from vault.secrets where name = any (${seeded}::text[])`;
    await admin.end();
  }
}

/** Makes the two secrets without which nothing is rung, where they are missing. */
async function seedVault(admin: Sql): Promise<string[]> {
  const secrets = { supabase_url: "http://127.0.0.1:1", "app.jwt_secret": "secret-of-a-test" };
  const made: string[] = [];
  for (const [name, value] of Object.entries(secrets)) {
    const [found] = await admin`select from vault.decrypted_secrets where name = ${name}`;
    if (found) continue;
    await admin`select vault.create_secret(${value}, ${name})`;
    made.push(name);
  }
  return made;
}

/** A session's deadlocks are counted when it has ended. */
async function untilGone(admin: Sql, applicationName: string): Promise<void> {
  for (;;) {
    const [others] = await admin`select count(*)::int from pg_stat_activity
      where application_name = ${applicationName} and pid <> pg_backend_pid()`;
    if (others!.count === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function countDeadlocks(admin: Sql): Promise<number> {
  await admin`select pg_stat_clear_snapshot()`;
  const [row] = await admin`select deadlocks::int from pg_stat_database
    where datname = current_database()`;
  return row!.deadlocks;
}

/** Runs statements in one transaction as a signed-in user, as PostgREST does. */
export async function asUser<T>(
  sql: Sql,
  user: string,
  run: (transaction: postgres.TransactionSql) => Promise<T>,
): Promise<T> {
  return await sql.begin(async (transaction) => {
    const claims = JSON.stringify({ sub: user, role: "authenticated" });
    await transaction`select set_config('request.jwt.claims', ${claims}, true),
      set_config('role', 'authenticated', true)`;
    return await run(transaction);
  }) as T;
}

/** Calls start_job for a rung attempt. */
export async function start(sql: Sql, job: Held): Promise<Answer> {
  const [row] = await sql`select start_job(${job.id}, ${job.token}, gen_random_uuid()) as answer`;
  return row!.answer;
}

/** Calls finish_job. */
export async function finish(
  sql: Sql,
  job: Held,
  outcome = "completed",
  acceptNext = true,
): Promise<Answer> {
  const [row] = await sql`select finish_job(${job.id}, ${job.token}, ${outcome},
    _error => 'as told', _accept_next => ${acceptNext}) as answer`;
  return row!.answer;
}

/** Takes one ring of this test out of pg_net's queue, as its worker would. */
export async function takeRing(sql: Sql, prefix: string): Promise<Held & { ring: string } | null> {
  const [row] = await sql`
    with ring as (
      delete from net.http_request_queue q where q.id = (
        select id from net.http_request_queue where url like ${`%/functions/v1/${prefix}%`}
        order by random() limit 1 for update skip locked)
      returning q.id, q.url, q.headers
    )
    select id as ring, headers ->> 'X-Correlation-ID' as id, headers ->> 'X-Job-Token' as token,
      substring(url from '[^/]+$') as job_name from ring`;
  return row ? row as unknown as Held & { ring: string } : null;
}

/** Answers a ring, as pg_net's worker would write it down. */
export async function answerRing(
  sql: Sql,
  ring: { ring: string; id: string },
  status: number,
): Promise<void> {
  const headers = { "X-Job": "true", "X-Correlation-ID": ring.id };
  await sql`insert into net._http_response (id, status_code, headers, timed_out)
    values (${ring.ring}, ${status}, ${sql.json(headers)}, false)`;
}
