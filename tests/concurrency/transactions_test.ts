// Transactions of clients that stay open, roll back, or meet: what they may and may not hold up.
import assert from "node:assert/strict";
import postgres from "postgres";
import { asUser, finish, type Held, start, takeRing, withWorld, type World } from "./support.ts";

async function states(world: World, name: string): Promise<string[]> {
  const rows = await world
    .admin`select state from public.job where job_name = ${name} order by state`;
  return rows.map((row) => row.state);
}

/** A promise that somebody else settles. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => open = resolve);
  return { open, opened };
}

Deno.test("a client's open transaction holds up neither other lanes nor a tick", async () => {
  await withWorld(async (world) => {
    const name = world.name("open");
    const [ada, bob] = world.users;
    const slow = world.connect();
    const quick = world.connect();
    const { open, opened } = gate();
    const { open: queued, opened: isQueued } = gate();
    const first = asUser(slow, ada!, async (tx) => {
      await tx`select queue_job(${name})`;
      await tx`select queue_jobs(${tx.json([{ job_name: name }, { job_name: name }])})`;
      queued();
      await opened;
    });
    await isQueued;
    try {
      await quick`set statement_timeout = '2s'`;
      await asUser(quick, bob!, (tx) => tx`select queue_job(${name})`);
      assert.deepEqual(await states(world, name), ["running"], "bob's job was rung");
      await asUser(quick, ada!, (tx) => tx`select queue_job(${name})`);
      assert.deepEqual(
        await states(world, name),
        ["running", "running"],
        "so was another of ada's",
      );
      await quick`select private.run_jobs(), private.process_jobs(), private.reset_stuck_jobs(), private.prune_jobs()`;
    } finally {
      open();
      await first.catch(() => {});
    }
    await first;
    assert.deepEqual(await states(world, name), [
      "pending",
      "pending",
      "pending",
      "running",
      "running",
    ]);
  });
});

Deno.test("a row that a client holds is passed over, and its lane's other jobs with free slots run", async () => {
  await withWorld(async (world) => {
    const name = world.name("held");
    const [ada] = world.users;
    await world
      .admin`insert into public.job_config (job_name, enabled, concurrency_limit) values (${name}, false, 2)`;
    const ids: string[] = await asUser(world.admin, ada!, async (tx) => {
      const jobs = [{ job_name: name }, { job_name: name }];
      return (await tx`select queue_jobs(${tx.json(jobs)}) as id`).map((row) => row.id);
    });
    await world.admin`update public.job_config set enabled = true where job_name = ${name}`;
    const { open, opened } = gate();
    const { open: canceled, opened: isCanceled } = gate();
    const slow = asUser(world.connect(), ada!, async (tx) => {
      await tx`select cancel_job(${ids[0]!})`;
      canceled();
      await opened;
    });
    await isCanceled;
    const tick = world.connect();
    await tick`set statement_timeout = '2s'`;
    await tick`select private.run_jobs()`;
    assert.deepEqual(await states(world, name), ["pending", "running"]);
    open();
    await slow;
    assert.deepEqual(await states(world, name), ["canceled", "running"]);
  });
});

Deno.test("what rolls back queues nothing and rings nothing", async () => {
  await withWorld(async (world) => {
    const name = world.name("undone");
    const sql = world.connect();
    const undone = asUser(sql, world.users[0]!, async (tx) => {
      await tx`select queue_job(${name})`;
      throw new Error("undone");
    });
    await assert.rejects(undone, /undone/);
    assert.deepEqual(await states(world, name), []);
    assert.equal(await takeRing(world.admin, name), null);
  });
});

Deno.test("a unique key is unique under eight concurrent enqueuers", async () => {
  await withWorld(async (world) => {
    const sessions = Array.from({ length: 8 }, () => world.connect());
    for (let round = 0; round < 15; round++) {
      const name = world.name(`unique${round}`);
      const ids = await Promise.all(
        sessions.map((sql, place) =>
          asUser(sql, world.users[0]!, async (tx) => {
            const rows = place % 2
              ? await tx`select queue_job(${name}, _unique_key => 'k') as id`
              : await tx`select queue_jobs(${
                tx.json([{ job_name: name, unique_key: "k" }])
              }) as id`;
            return rows[0]!.id as string;
          })
        ),
      );
      assert.equal(new Set(ids).size, 1, "all get the same id");
      assert.equal((await states(world, name)).length, 1, "and there is one job");
    }
  });
});

Deno.test("arrays with the same keys in another order do not deadlock", async () => {
  await withWorld(async (world) => {
    const sessions = Array.from({ length: 6 }, () => world.connect());
    for (let round = 0; round < 10; round++) {
      const name = world.name(`order${round}`);
      const keys = Array.from({ length: 40 }, (_, n) => `k${n}`);
      const results = await Promise.all(
        sessions.map((sql, place) =>
          asUser(sql, world.users[0]!, async (tx) => {
            const order = place % 2 ? keys : keys.toReversed();
            const jobs = order.map((key) => ({
              job_name: name,
              unique_key: key,
              request_body: key,
            }));
            const queued = await tx`select queue_jobs(${tx.json(jobs)}) as id`;
            return await tx`select j.request_body as key from unnest(${
              queued.map((row) => row.id)
            }::uuid[])
            with ordinality q (id, place) join public.job j using (id) order by q.place`;
          })
        ),
      );
      for (const [place, rows] of results.entries()) {
        const order = place % 2 ? keys : keys.toReversed();
        assert.deepEqual(rows.map((row) => row.key), order, "ids come in the order of the array");
      }
      assert.equal((await states(world, name)).length, keys.length);
    }
  });
});

Deno.test("two dispatchers at once ring every job once", async () => {
  await withWorld(async (world) => {
    const name = world.name("two");
    await world
      .admin`insert into public.job_config (job_name, enabled, concurrency_limit) values (${name}, false, 10)`;
    for (const user of world.users) {
      const jobs = Array.from({ length: 10 }, () => ({ job_name: name }));
      await asUser(world.admin, user, (tx) => tx`select queue_jobs(${tx.json(jobs)})`);
    }
    await world.admin`update public.job_config set enabled = true where job_name = ${name}`;
    const ticks = Array.from({ length: 8 }, () => world.connect());
    await Promise.all(
      ticks.map((sql) =>
        sql`select private.run_jobs(), private.process_jobs(), private.run_jobs()`
      ),
    );
    const [rings] = await world
      .admin`select count(*)::int, count(distinct headers ->> 'X-Correlation-ID')::int as jobs
      from net.http_request_queue where url like ${`%/${name}`}`;
    assert.deepEqual({ ...rings }, { count: 50, jobs: 50 });
  });
});

Deno.test("a cancel racing a finish: one of the two is told that it came too late", async () => {
  await withWorld(async (world) => {
    const name = world.name("cancel");
    const [ada] = world.users;
    const [client, worker] = [world.connect(), world.connect()];
    for (let round = 0; round < 30; round++) {
      await asUser(client, ada!, (tx) => tx`select queue_job(${name})`);
      const { job } = await start(worker, (await takeRing(worker, name))!);
      const outcome = round % 2 ? "completed" : "failed";
      const [asked, answer] = await Promise.all([
        asUser(
          client,
          ada!,
          async (tx) => (await tx`select cancel_job(${job!.id}) as asked`)[0]!.asked as boolean,
        ),
        finish(worker, job!, outcome, false),
      ]);
      const [after] = await world
        .admin`select state, cancel_requested_at from public.job where id = ${job!.id}`;
      assert.equal(answer.status, "ok");
      assert.equal(after!.cancel_requested_at, null);
      const expected = outcome === "completed"
        ? ["completed"]
        : asked
        ? ["canceled"]
        : ["pending", "canceled"];
      assert.ok(expected.includes(after!.state), `${outcome}, asked ${asked}: ${after!.state}`);
      await world.admin`delete from public.job where id = ${job!.id}`;
    }
  });
});

Deno.test("functions that hand over to each other's lane and retry at once do not deadlock", async () => {
  await withWorld(async (world) => {
    const name = world.name("cross");
    const [ada, bob] = world.users;
    await world
      .admin`insert into public.job_config (job_name, concurrency_limit, backoff_seconds, backoff_max_seconds)
      values (${name}, 2, 0, 0)`;
    const workers = [world.connect(), world.connect()];
    for (let round = 0; round < 12; round++) {
      await world.admin`delete from private.job_linger where job_name = ${name}`;
      const jobs: Held[] = [];
      for (const user of [ada!, bob!]) {
        await asUser(world.admin, user, (tx) => tx`select queue_job(${name})`);
        jobs.push((await start(world.admin, (await takeRing(world.admin, name))!)).job!);
      }
      await world
        .admin`insert into private.job_linger values (${name}, now() + interval '1 minute')`;
      for (const user of [ada!, bob!]) {
        await asUser(world.admin, user, (tx) => tx`select queue_job(${name})`);
      }
      await Promise.all(workers.map((sql, place) => finish(sql, jobs[place]!, "failed")));
      await world.admin`delete from public.job where job_name = ${name}`;
    }
  });
});

Deno.test("a transaction with an old snapshot does not count slots with it", async () => {
  await withWorld(async (world) => {
    const name = world.name("snapshot");
    const [ada] = world.users;
    const client = world.connect();
    await client.begin("isolation level repeatable read", async (tx: postgres.TransactionSql) => {
      await tx`select 1 from public.job limit 1`;
      await asUser(world.admin, ada!, (other) => other`select queue_job(${name})`);
      await tx`select private.queue_job_for_user(${ada!}, ${name})`;
    });
    assert.deepEqual(await states(world, name), ["pending", "running"]);
  });
});

Deno.test("functions that finish at once under a limit for all users do not run dry", async () => {
  await withWorld(async (world) => {
    const name = world.name("dry");
    await world
      .admin`insert into public.job_config (job_name, concurrency_limit, global_concurrency_limit)
      values (${name}, 10, 10)`;
    const workers = Array.from({ length: 10 }, () => world.connect());
    for (const user of world.users) {
      const jobs = Array.from({ length: 20 }, () => ({ job_name: name }));
      await asUser(world.admin, user, (tx) => tx`select queue_jobs(${tx.json(jobs)})`);
    }
    await Promise.all(workers.map(async (sql) => {
      const rung = await takeRing(sql, name);
      assert.ok(rung, "ten are rung");
      let job: Held | null | undefined = (await start(sql, rung)).job;
      while (job) job = (await finish(sql, job)).next;
      const [due] = await sql`select count(*)::int from public.job
        where job_name = ${name} and state = 'pending'`;
      assert.ok(due!.count < 10, `a function went home although ${due!.count} jobs were due`);
    }));
    assert.deepEqual(
      new Set(await states(world, name)),
      new Set(["completed"]),
      "all were handed over",
    );
  });
});

Deno.test("a limit for all users holds when many lanes are filled at the same instant", async () => {
  await withWorld(async (world) => {
    const name = world.name("all");
    await world
      .admin`insert into public.job_config (job_name, concurrency_limit, global_concurrency_limit)
      values (${name}, 2, 3)`;
    const sessions = Array.from({ length: 10 }, () => world.connect());
    for (let round = 0; round < 15; round++) {
      await Promise.all(sessions.map((sql, place) => {
        const user = world.users[place % world.users.length]!;
        return asUser(sql, user, (tx) => tx`select queue_job(${name})`);
      }));
      const running = (await states(world, name)).filter((state) => state === "running");
      assert.equal(running.length, 3, `round ${round}`);
      await world.admin`delete from public.job where job_name = ${name}`;
    }
  });
});
