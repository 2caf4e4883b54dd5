// Random operations from really concurrent sessions: the limits and the fence hold at every instant, and
// every job ends once. TEST_SEED repeats a run.
import assert from "node:assert/strict";
import process from "node:process";
import {
  answerRing,
  asUser,
  finish,
  type Held,
  seededRandom,
  type Sql,
  start,
  takeRing,
  withWorld,
  type World,
} from "./support.ts";

const SESSIONS = 10;
const OPERATIONS = 70;

Deno.test("limits hold under concurrent enqueuers, ticks, hand-overs and cancellations", async () => {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 1e9));
  console.log(`TEST_SEED=${seed}`);
  await withWorld(async (world) => {
    const ledger = new Map<string, number>();
    await configure(world);
    const checker = world.connect();
    const check = () => checkInvariants(checker, world);
    const sessions = await Promise.all(
      Array.from({ length: SESSIONS }, async (_, index) => {
        const session = newSession(world, seed + index, ledger);
        for (let n = 0; n < OPERATIONS; n++) {
          await session.act();
          await check();
        }
        return session;
      }),
    );
    await drain(world, sessions);
    await check();
    await checkEnds(checker, world, ledger);
  });
});

async function configure(world: World): Promise<void> {
  await world.admin`
    insert into public.job_config
      (job_name, concurrency_limit, global_concurrency_limit, rate_limit, rate_period, backoff_seconds, backoff_max_seconds)
    values (${world.name("one")}, 1, null, null, '1 minute', 0, 0),
      (${world.name("global")}, 3, 4, null, '1 minute', 0, 0),
      (${world.name("rated")}, 2, null, 12, '500 milliseconds', 0, 0),
      (${world.name("switch")}, 2, null, null, '1 minute', 0, 1)`;
}

/** One statement, hence one snapshot: what anybody can see at this instant. */
async function checkInvariants(sql: Sql, world: World): Promise<void> {
  const broken = await sql`
    with mine as (
      select j.*, c.concurrency_limit, c.global_concurrency_limit from public.job j
      join public.job_config c using (job_name) where j.job_name like ${world.name("%")}
    ), attempts as (
      select a.*, j.job_name from private.job_attempt a join mine j on j.id = a.job_id
    )
    select 'lane above its limit' as problem, job_name || ' ' || lane as place, count(*) from mine
    where state = 'running' group by job_name, lane, concurrency_limit having count(*) > concurrency_limit
    union all
    select 'name above its limit', job_name, count(*) from mine
    where state = 'running' group by job_name, global_concurrency_limit having count(*) > global_concurrency_limit
    union all
    select 'job without exactly one live attempt of its number', id::text, 0 from mine
    where (state = 'running') <> (1 = (select count(*) from attempts a
      where a.job_id = mine.id and a.finished_at is null and a.attempt = mine.attempt))
    union all
    select 'live attempts', job_id::text, count(*) from attempts where finished_at is null group by job_id having count(*) > 1
    union all
    select 'too many starts within rate_period', last.rung_at::text, (select count(*) from attempts a
      where a.job_name = last.job_name and a.rung_at > last.rung_at - interval '500 milliseconds' and a.rung_at <= last.rung_at)
    from attempts last where last.job_name = ${
    world.name("rated")
  } and (select count(*) from attempts a
      where a.job_name = last.job_name and a.rung_at > last.rung_at - interval '500 milliseconds' and a.rung_at <= last.rung_at) > 12`;
  assert.deepEqual(broken.map((row) => ({ ...row })), []);
}

/** One session: a client, a tick, pg_net and a function, whatever its random numbers say. */
function newSession(world: World, seed: number, ledger: Map<string, number>) {
  const sql = world.connect();
  const random = seededRandom(seed);
  const pick = <T>(items: T[]): T => items[Math.floor(random() * items.length)]!;
  const names = ["one", "global", "rated", "switch"].map(world.name);
  const held: Held[] = [];
  const takeHeld = () => held.splice(Math.floor(random() * held.length), 1)[0];
  const report = async (outcome: string, acceptNext: boolean) => {
    const job = takeHeld();
    if (!job) return;
    const answer = await finish(sql, job, outcome, acceptNext);
    if (answer.status === "ok") ledger.set(job.token, (ledger.get(job.token) ?? 0) + 1);
    const again = await finish(sql, job, outcome, acceptNext);
    assert.equal(again.status, answer.status, "repeating finish_job is answered the same");
    assert.equal((await finish(sql, { ...job, token: crypto.randomUUID() })).status, "stale");
    const next = answer.next ?? again.next;
    if (next) held.push(next);
  };
  const ring = async () => {
    const rung = await takeRing(sql, world.name(""));
    if (!rung) return;
    const luck = random();
    if (luck < 0.1) return;
    if (luck < 0.3) return await answerRing(sql, rung, pick([200, 204, 500]));
    const answer = await start(sql, rung);
    assert.equal((await start(sql, rung)).status, "stale", "an attempt starts once");
    await answerRing(sql, rung, 202);
    if (answer.job) held.push(answer.job);
  };
  const operations: [number, () => Promise<unknown>][] = [
    [8, () => asUser(sql, pick(world.users), (tx) => tx`select queue_job(${pick(names)})`)],
    [2, () =>
      asUser(
        sql,
        pick(world.users),
        (tx) => tx`select queue_job(${pick(names)}, _unique_key => ${pick(["k", "l"])})`,
      )],
    [1, () => sql`select queue_job(${pick(names)})`],
    [3, () => {
      const jobs = Array.from({ length: 1 + Math.floor(random() * 6) }, () => ({
        job_name: pick(names),
        priority: Math.floor(random() * 3),
        ...(random() < 0.3 ? { unique_key: pick(["k", "l", "m"]) } : {}),
      }));
      return asUser(sql, pick(world.users), (tx) => tx`select queue_jobs(${tx.json(jobs)})`);
    }],
    [5, () => sql`select private.run_jobs()`],
    [5, () => sql`select private.process_jobs()`],
    [2, () => sql`select private.reset_stuck_jobs()`],
    [14, ring],
    [10, () => report("completed", true)],
    [3, () => report("completed", false)],
    [3, () => report(pick(["failed", "failed_permanently", "canceled"]), random() < 0.5)],
    [2, async () => {
      const job = takeHeld();
      if (job) await sql`select release_job(${job.id}, ${job.token}, '0')`;
    }],
    [2, async () => {
      const job = held.at(-1);
      if (job) await sql`select heartbeat_job(${job.id}, ${job.token})`;
    }],
    [1, async () => {
      const [row] = await sql`select next_job(${pick(names)}) -> 'next' as next`;
      if (row!.next) held.push(row!.next);
    }],
    [
      3,
      () =>
        sql`select cancel_job(id) from (select id from public.job where job_name = any (${names})
        order by random() limit 1) j`,
    ],
    [
      2,
      () =>
        sql`select retry_job(id) from (select id from public.job where job_name = any (${names})
        and state in ('failed', 'canceled') and unique_key is null order by random() limit 1) j`,
    ],
    [
      2,
      () =>
        sql`update public.job_config set enabled = not enabled where job_name = ${
          world.name("switch")
        }`,
    ],
    [
      2,
      () =>
        sql`update private.job_attempt set lease_expires_at = now() where (job_id, attempt) in (
        select a.job_id, a.attempt from private.job_attempt a join public.job j on j.id = a.job_id
        where j.job_name = any (${names}) and a.finished_at is null order by random() limit 1)`,
    ],
  ];
  const total = operations.reduce((sum, [weight]) => sum + weight, 0);
  return {
    sql,
    held,
    act: async () => {
      let place = random() * total;
      for (const [weight, operation] of operations) {
        place -= weight;
        if (place < 0) return await operation();
      }
    },
  };
}

/** Lets everything that is left run to its end, by ticks and answers alone. */
async function drain(
  world: World,
  sessions: { sql: Sql; held: Held[] }[],
): Promise<void> {
  const { sql } = sessions[0]!;
  await sql`update public.job_config set enabled = true where job_name like ${world.name("%")}`;
  for (const session of sessions) {
    for (let job = session.held.pop(); job; job = session.held.pop()) {
      const { next } = await finish(session.sql, job);
      if (next) session.held.push(next);
    }
  }
  for (let round = 0; round < 400; round++) {
    await sql`update private.job_attempt a set lease_expires_at = now() from public.job j
      where j.id = a.job_id and j.job_name like ${world.name("%")} and a.finished_at is null
        and not exists (select from net.http_request_queue q where q.id = a.request_id)
        and not exists (select from net._http_response r where r.id = a.request_id)`;
    await sql`select private.reset_stuck_jobs()`;
    await sql`select private.run_jobs()`;
    for (
      let rung = await takeRing(sql, world.name(""));
      rung;
      rung = await takeRing(sql, world.name(""))
    ) {
      await answerRing(sql, rung, 200);
    }
    await sql`select private.process_jobs()`;
    const [left] = await sql`select count(*)::int from public.job
      where job_name like ${world.name("%")} and finished_at is null`;
    if (left!.count === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const left = await sql`select explain_job(id) as why from public.job
    where job_name like ${world.name("%")} and finished_at is null limit 5`;
  assert.fail(`jobs are left: ${left.map((row) => row.why).join("; ")}`);
}

/** Every job has ended, by one outcome that was recorded once. */
async function checkEnds(sql: Sql, world: World, ledger: Map<string, number>): Promise<void> {
  const wrong = await sql`
    select j.id, j.state, array_agg(a.outcome order by a.attempt) as outcomes from public.job j
    left join private.job_attempt a on a.job_id = j.id where j.job_name like ${world.name("%")}
    group by j.id
    having count(*) filter (where a.job_id is not null and a.outcome is null) > 0
      or count(*) filter (where a.outcome = 'completed') <> (j.state = 'completed')::int
      or (j.state = 'completed' and (array_agg(a.outcome order by a.attempt desc))[1] <> 'completed')`;
  assert.deepEqual(wrong.map((row) => ({ ...row })), [], "a job did not end exactly once");
  const [ended] = await sql`select count(*)::int from public.job where job_name like ${
    world.name("%")
  }`;
  assert.ok(ended!.count > 100, `only ${ended!.count} jobs took part`);
  assert.ok(ledger.size > 50, `only ${ledger.size} reports were accepted`);
  assert.ok([...ledger.values()].every((count) => count === 1), "a report was accepted twice");
}
