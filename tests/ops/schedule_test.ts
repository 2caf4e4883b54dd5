// Jobs that come again: what a schedule queues, when, for whom, and what it refuses.
import assert from "node:assert/strict";
import postgres from "postgres";
import { type Given, withDatabase } from "./support/database.ts";

/** Runs SQL in a transaction as a user of the API. */
async function as<T>(
  { sql }: Given,
  user: string,
  use: (sql: postgres.TransactionSql) => Promise<T>,
): Promise<T> {
  return await sql.begin(async (transaction) => {
    const claims = JSON.stringify({ sub: user, role: "authenticated", aud: "authenticated" });
    await transaction`select set_config('request.jwt.claims', ${claims}, true),
      set_config('role', 'authenticated', true)`;
    return await use(transaction);
  }) as T;
}

/** Says that a schedule's next time was so long ago. */
async function makeDue({ sql }: Given, name: string, ago: string): Promise<void> {
  await sql`update public.job_schedule set next_at = now() - ${ago}::interval where name = ${name}`;
}

async function jobsOf({ sql }: Given, jobName: string): Promise<number> {
  return (await sql`select from public.job where job_name = ${jobName}`).length;
}

Deno.test("schedules", { sanitizeOps: false, sanitizeResources: false }, async (t) => {
  await withDatabase(async (given) => {
    const { sql, ada, bob, database } = given;
    const tick = async () =>
      (await sql<{ n: number }[]>`select private.queue_scheduled_jobs() as n`)[0]!.n;

    await t.step("a user's schedule queues a job of that user, once per time", async () => {
      await as(
        given,
        ada,
        (sql) =>
          sql`select schedule_job('daily', 'scheduled', '30 8 * * *', _time_zone => 'Europe/Berlin',
          _request_body => '{"n": 1}')`,
      );
      const [schedule] = await sql`select * from public.job_schedule where name = 'daily'`;
      assert.equal(schedule!.user_id, ada);
      const [at] = await sql`select ${
        schedule!.next_at
      }::timestamptz at time zone 'Europe/Berlin' as local`;
      assert.match(at!.local.toISOString(), /T08:30:00/);
      assert.equal(await tick(), 0);
      await makeDue(given, "daily", "1 second");
      assert.deepEqual([await tick(), await tick()], [1, 0]);
      const [job] =
        await sql`select user_id, request_body from public.job where job_name = 'scheduled'`;
      assert.deepEqual({ ...job }, { user_id: ada, request_body: { n: 1 } });
    });

    await t.step("two dispatchers at once queue one job per schedule", async () => {
      for (let i = 0; i < 50; i++) {
        await sql`select public.schedule_job(${`race ${i}`}, 'raced', _every => '1 hour', _overlap => 'queue')`;
      }
      await sql`update public.job_schedule set next_at = now() where job_name = 'raced'`;
      const sessions = [1, 2, 3, 4].map(() =>
        postgres(database.url, { max: 1, onnotice: () => {} })
      );
      const queued = await Promise.all(
        sessions.map((one) => one<{ n: number }[]>`select private.queue_scheduled_jobs() as n`),
      );
      await Promise.all(sessions.map((one) => one.end()));
      assert.equal(queued.reduce((sum, rows) => sum + rows[0]!.n, 0), 50);
      assert.equal(await jobsOf(given, "raced"), 50);
    });

    await t.step("a tick that is rolled back queues nothing and forgets nothing", async () => {
      await sql`select public.schedule_job('again', 'rolled-back', _every => '1 hour')`;
      await makeDue(given, "again", "1 second");
      await sql.begin(async (transaction) => {
        await transaction`select private.queue_scheduled_jobs()`;
        throw new Error("the database goes down");
      }).catch(() => {});
      assert.equal(await jobsOf(given, "rolled-back"), 0);
      assert.equal(await tick(), 1);
      assert.equal(await jobsOf(given, "rolled-back"), 1);
    });

    await t.step("overlap skip makes no second job while the first waits, queue does", async () => {
      await sql`select public.schedule_job('skips', 'skipping', _every => '1 hour'),
        public.schedule_job('queues', 'queueing', _every => '1 hour', _overlap => 'queue')`;
      for (let i = 0; i < 2; i++) {
        await makeDue(given, "skips", "1 second");
        await makeDue(given, "queues", "1 second");
        await tick();
      }
      assert.deepEqual([await jobsOf(given, "skipping"), await jobsOf(given, "queueing")], [1, 2]);
    });

    await t.step(
      "after three hours without a dispatcher: none, one, or all up to two",
      async () => {
        for (const catchUp of ["none", "one", "all"]) {
          await sql`select public.schedule_job(${catchUp}, ${`missed-${catchUp}`}, _every => '1 hour',
          _overlap => 'queue', _catch_up => ${catchUp}, _catch_up_max => 2)`;
          await makeDue(given, catchUp, "3 hours 10 minutes");
        }
        assert.equal(await tick(), 3);
        const jobs = [];
        for (const catchUp of ["none", "one", "all"]) {
          jobs.push(await jobsOf(given, `missed-${catchUp}`));
        }
        assert.deepEqual(jobs, [0, 1, 2]);
        const rows =
          await sql`select round(extract(epoch from next_at - now()) / 60)::int as minutes
        from public.job_schedule where name in ('none', 'one', 'all')`;
        assert.deepEqual(rows.map((row) => row.minutes), [50, 50, 50]);
      },
    );

    await t.step(
      "a schedule whose job is refused says so and does not stop the others",
      async () => {
        await sql`insert into public.job_config (job_name, max_pending) values ('full', 1)`;
        await sql`select private.queue_job_for_user(${bob}, 'full', _run_at => '2099-01-01')`;
        await sql`select public.schedule_job('full', 'full', _every => '1 hour', _user_id => ${bob}),
        public.schedule_job('fine', 'fine', _every => '1 hour')`;
        await makeDue(given, "full", "2 seconds");
        await makeDue(given, "fine", "1 second");
        assert.equal(await tick(), 1);
        const [full] =
          await sql`select last_error, next_at > now() as later from public.job_schedule where name = 'full'`;
        assert.match(full!.last_error, /1 jobs of full are waiting already/);
        assert.equal(full!.later, true);
      },
    );

    await t.step(
      "a disabled schedule queues nothing; enabled again it starts from now",
      async () => {
        await as(
          given,
          ada,
          (sql) => sql`update job_schedule set enabled = false where name = 'daily'`,
        );
        await makeDue(given, "daily", "1 day");
        assert.equal(await tick(), 0);
        await as(
          given,
          ada,
          (sql) => sql`update job_schedule set enabled = true where name = 'daily'`,
        );
        assert.equal(await tick(), 0);
      },
    );

    await t.step("unschedule_job deletes the caller's own, and no other's", async () => {
      const unschedule = (user: string) =>
        as(
          given,
          user,
          async (sql) =>
            (await sql<{ gone: boolean }[]>`select unschedule_job('daily') as gone`)[0]!.gone,
        );
      assert.equal(await unschedule(bob), false);
      assert.equal(await unschedule(ada), true);
      assert.equal(await unschedule(ada), false);
    });

    await t.step("a user sees and changes no other user's schedule", async () => {
      await as(given, ada, (sql) => sql`select schedule_job('mine', 'mine', _every => '1 hour')`);
      const seen = await as(given, bob, (sql) => sql`select from job_schedule where name = 'mine'`);
      assert.equal(seen.length, 0);
      const changed = await as(
        given,
        bob,
        (sql) => sql`update job_schedule set enabled = false where name = 'mine'`,
      );
      assert.equal(changed.count, 0);
      await assert.rejects(
        as(given, ada, (sql) => sql`update job_schedule set next_at = now() where name = 'mine'`),
        { code: "42501" },
      );
      await assert.rejects(
        as(
          given,
          bob,
          (sql) =>
            sql`insert into job_schedule (name, job_name, cron) values ('x', 'x', '* * * * *')`,
        ),
        { code: "42501" },
      );
    });

    const refused: [string, string, string, RegExp][] = [
      ["four fields", "_cron => '* * * *'", "JQ422", /has 4 fields, a cron expression has 5/],
      ["minute 60", "_cron => '60 * * * *'", "JQ422", /'60' is not a value of the field minute/],
      [
        "a step of 0",
        "_cron => '*/0 * * * *'",
        "JQ422",
        /'\*\/0' is not a value of the field minute/,
      ],
      [
        "a range backwards",
        "_cron => '* 5-3 * * *'",
        "JQ422",
        /'5-3' is not a value of the field hour/,
      ],
      [
        "an unknown month",
        "_cron => '0 0 1 foo *'",
        "JQ422",
        /'foo' is not a value of the field month/,
      ],
      ["weekday 8", "_cron => '0 0 * * 8'", "JQ422", /'8' is not a value of the field day of week/],
      [
        "an empty list item",
        "_cron => '1,,2 * * * *'",
        "JQ422",
        /'' is not a value of the field minute/,
      ],
      ["30 February", "_cron => '0 0 30 2 *'", "JQ422", /has no time within nine years/],
      [
        "an unknown zone",
        "_cron => '0 0 * * *', _time_zone => 'Mars/Base'",
        "JQ422",
        /not a time zone/,
      ],
      ["a POSIX zone", "_cron => '0 0 * * *', _time_zone => 'FOO5'", "JQ422", /not a time zone/],
      ["cron and every", "_cron => '0 0 * * *', _every => '1 h'", "JQ422", /either cron or every/],
      ["neither", "_cron => null", "JQ422", /either cron or every/],
      ["every second", "_every => '1 s'", "JQ422", /expected 10 seconds to 366 days/],
      ["every month", "_every => '1 month'", "JQ422", /use cron/],
      ["an unknown overlap", "_every => '1 h', _overlap => 'stop'", "JQ422", /overlap_is_known/],
      ["a foreign user", `_every => '1 h', _user_id => '${bob}'`, "JQ403", /for yourself only/],
    ];
    for (const [name, args, code, message] of refused) {
      await t.step(`refuses ${name}, and says why`, async () => {
        const call = `select schedule_job('refused', 'refused', ${args})`;
        await assert.rejects(as(given, ada, (sql) => sql.unsafe(call)), { code, message });
        assert.equal((await sql`select from public.job_schedule where name = 'refused'`).length, 0);
      });
    }
  });
});
