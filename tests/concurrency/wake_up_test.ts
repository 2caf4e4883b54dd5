// An enqueue and a finish that meet leave no due job behind in an idle lane: no tick runs in these tests, so
// whatever was overlooked would stay.
import assert from "node:assert/strict";
import {
  type Answer,
  asUser,
  finish,
  type Held,
  type Sql,
  start,
  takeRing,
  withWorld,
  type World,
} from "./support.ts";

const ROUNDS = 40;

/** What is due although its lane has a free slot, seen when everybody is done. */
async function overlooked(world: World, name: string): Promise<number> {
  const [row] = await world.admin`
    select count(*)::int from public.job j where j.job_name = ${name} and j.state = 'pending' and j.next_run_at is null and not exists (
      select from public.job r where r.job_name = j.job_name and r.lane = j.lane and r.state = 'running')`;
  return row!.count;
}

/** Starts whatever was rung of a name, and finishes it and all that is handed over, until there is nothing. */
async function work(world: World, name: string, sql = world.admin): Promise<void> {
  for (let rung = await takeRing(sql, name); rung; rung = await takeRing(sql, name)) {
    let job: Held | null | undefined = (await start(sql, rung)).job;
    while (job) job = (await finish(sql, job)).next;
  }
}

/** A running job of a user. */
async function running(world: World, name: string, user: string): Promise<Held> {
  await asUser(world.admin, user, (tx) => tx`select queue_job(${name})`);
  const rung = await takeRing(world.admin, name);
  assert.ok(rung, "a job in an idle lane is rung at its commit");
  const { job } = await start(world.admin, rung);
  assert.ok(job, "and starts");
  return job;
}

for (const acceptNext of [true, false]) {
  Deno.test(`an enqueue racing a finish is not overlooked (accept next: ${acceptNext})`, async () => {
    await withWorld(async (world) => {
      const name = world.name("race");
      const client = world.connect();
      const worker = world.connect();
      const [user] = world.users;
      for (let round = 0; round < ROUNDS; round++) {
        const job = await running(world, name, user!);
        const [answer] = await Promise.all([
          finish(worker, job, "completed", acceptNext),
          asUser(client, user!, (tx) => tx`select queue_job(${name})`),
        ]);
        assert.equal(await overlooked(world, name), 0, `round ${round}`);
        if (answer.next) assert.equal((await finish(worker, answer.next)).next, null);
        await work(world, name);
      }
    });
  });
}

Deno.test("a backlog of several lanes drains by hand-over, enqueues at the same time included", async () => {
  await withWorld(async (world) => {
    const name = world.name("lanes");
    const clients = world.users.map((user) => ({ user, sql: world.connect() }));
    const workers = world.users.map(() => world.connect());
    for (let round = 0; round < ROUNDS / 4; round++) {
      await Promise.all([
        ...clients.map(async ({ user, sql }, place) => {
          for (let n = 0; n < 6; n++) {
            if ((n + place) % 3 === 0) {
              await new Promise((resolve) => setTimeout(resolve, place + n));
            }
            await asUser(sql, user, (tx) => tx`select queue_job(${name})`);
          }
        }),
        ...workers.map(async (sql) => {
          for (let n = 0; n < 20; n++) {
            await work(world, name, sql);
            await new Promise((resolve) => setTimeout(resolve, 2));
          }
        }),
      ]);
      await work(world, name);
      const [left] = await world.admin`select count(*)::int from public.job
        where job_name = ${name} and finished_at is null`;
      assert.equal(left!.count, 0, `round ${round}: jobs are left although nobody works`);
    }
  });
});

Deno.test("a finish that gives its time to another lane does not overlook its own", async () => {
  await withWorld(async (world) => {
    const name = world.name("other");
    const [ada, bob] = world.users;
    const client = world.connect();
    const worker = world.connect();
    await world
      .admin`insert into public.job_config (job_name, concurrency_limit) values (${name}, 1)`;
    for (let round = 0; round < 3; round++) {
      const mine = await running(world, name, ada!);
      const other = await running(world, name, bob!);
      // Bob's lane has a due job and a free slot from here on, as after a function of his that died.
      await asUser(client, bob!, (tx) => tx`select queue_job(${name})`);
      await world
        .admin`update public.job set state = 'canceled', locked_at = null, finished_at = now()
        where id = ${other.id}`;
      await world
        .admin`update private.job_attempt set finished_at = now(), outcome = 'canceled' where job_id = ${other.id}`;
      let enqueued: Promise<unknown> | undefined;
      const answer = await worker.begin(async (tx) => {
        const answer = await finish(tx as unknown as Sql, mine);
        enqueued = asUser(client, ada!, (other) => other`select queue_job(${name})`);
        await new Promise((resolve) => setTimeout(resolve, 30));
        return answer;
      });
      await enqueued;
      assert.ok(answer.next, "there is a next job");
      assert.equal(await overlooked(world, name), 0, `round ${round}`);
      for (let job = answer.next as Held | null | undefined; job;) {
        job = (await finish(worker, job)).next;
      }
      await work(world, name);
    }
  });
});

Deno.test("a job released at once goes on without a tick", async () => {
  await withWorld(async (world) => {
    const name = world.name("release");
    const job = await running(world, name, world.users[0]!);
    await world.admin`select release_job(${job.id}, ${job.token})`;
    const rung = await takeRing(world.admin, name);
    assert.equal(rung?.id, job.id, "it is rung again at the release's commit");
  });
});

Deno.test("a job that pauses leaves its slot to the next one at once", async () => {
  await withWorld(async (world) => {
    const name = world.name("pause");
    const [user] = world.users;
    const job = await running(world, name, user!);
    await asUser(world.connect(), user!, (tx) => tx`select queue_job(${name})`);
    await world.admin`select release_job(${job.id}, ${job.token}, '1 hour')`;
    assert.equal(await overlooked(world, name), 0, "only the paused one waits");
    assert.ok(await takeRing(world.admin, name), "the next one is rung");
  });
});

Deno.test("those who queue into a full lane do not wait for each other, and a finish sees them all", async () => {
  await withWorld(async (world) => {
    const name = world.name("full");
    const [user] = world.users;
    const [slow, quick, worker] = [world.connect(), world.connect(), world.connect()];
    const job = await running(world, name, user!);
    let finished: Promise<Answer> | undefined;
    await asUser(slow, user!, async (tx) => {
      await tx`select queue_job(${name})`;
      // As at its commit, which then takes long.
      await tx`set constraints all immediate`;
      await asUser(quick, user!, (other) => other`select queue_job(${name})`);
      finished = finish(worker, job, "completed", false);
      await new Promise((resolve) => setTimeout(resolve, 50));
    });
    await finished;
    assert.equal(await overlooked(world, name), 0, "one of the two is rung");
    await work(world, name);
    const [left] = await world.admin`select count(*)::int from public.job
      where job_name = ${name} and state <> 'completed'`;
    assert.equal(left!.count, 0, "and the other is handed over");
  });
});

Deno.test("whoever holds a lane's lock delays a commit by a second, and takes no outcome away", async () => {
  await withWorld(async (world) => {
    const name = world.name("held");
    const [user] = world.users;
    const [holder, client, worker] = [world.connect(), world.connect(), world.connect()];
    const job = await running(world, name, user!);
    await holder.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(private.lane_lock(${name}, ${user!}))`;
      // The lane falls idle, so the finish looks once more under the lane's lock.
      await worker`set statement_timeout = '3s'`;
      assert.equal((await finish(worker, job)).state, "completed");
      const began = performance.now();
      await asUser(
        client,
        user!,
        (own) => own`select queue_jobs(${own.json(Array(4).fill({ job_name: name }))})`,
      );
      assert.ok(performance.now() - began < 3000, "four jobs of a lane wait for its lock once");
    });
    assert.ok(
      world.warnings.every((warning) => /the next tick will|nothing was handed over/.test(warning)),
    );
    world.warnings.length = 0;
  });
});
