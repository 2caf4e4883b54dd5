// Scenarios in which everything lives, and something is wrong.
import { setTimeout as pause } from "node:timers/promises";
import { disturb, pauseBetween } from "./faults.ts";
import { ANY_REPORT_COUNTS } from "./kills.ts";
import { callApi, type NewJob } from "./load.ts";
import type { Scenario } from "./scenario.ts";
import { connect, patiently, type World } from "./world.ts";

/** Jobs of a bad function, spread over a few users. */
function badJobs(
  job_name: string,
  count: number,
  expect: (variant: number) => string[],
  max_retries = 2,
): NewJob[] {
  return Array.from({ length: count }, (_, variant) => ({
    job_name,
    max_retries,
    request_body: { variant, expect: expect(variant) },
  }));
}

/** Which answers of chaos-garbage are good ones, however odd; both their tries may meet the bad gateway. */
function endOfGarbage(variant: number): string[] {
  return [2, 8, 9, 10, 13].includes(variant) ? ["completed", "failed"] : ["failed"];
}

export const disturbances: Scenario[] = [
  {
    name: "two-dispatchers",
    async fault(world) {
      const sessions = [1, 2, 3].map(() => connect(world.stack.adminUrl, 1));
      const end = Date.now() + 15_000;
      await Promise.all(sessions.map(async (sql) => {
        while (Date.now() < end) {
          await sql`select private.run_jobs(), private.process_jobs(), private.reset_stuck_jobs()`;
          await pause(world.random() * 100);
        }
        await sql.end();
      }));
    },
    guard: {
      what: "nobody waits for the lock of a lane or a name",
      changes: [{
        function: "private.hold",
        from: "if _wait and v_held < _rank::text then",
        to: "if true then return true; elsif v_held < _rank::text then",
      }, {
        function: "private.ring_name",
        from: "where pg_try_advisory_xact_lock(private.lane_lock(_config.job_name, l))",
        to: "",
      }, {
        function: "private.run_jobs",
        from: "if not pg_try_advisory_xact_lock(hashtextextended('private.run_jobs', 7503)) then",
        to: "if false then",
      }],
    },
  },
  {
    name: "never-answers",
    untouchedWithin: 40,
    async fault(world, load) {
      for (const user of world.users.slice(0, 4)) {
        await load.queue(user, badJobs("chaos-silent", 3, () => ["failed"]));
      }
      await pauseBetween(world, 8, 12);
    },
    guard: {
      what: "a try without an answer is not counted",
      changes: [{
        function: "private.end_attempt",
        from: "v_retries := least(v_retries + 1, _job.max_retries);\n    v_state",
        to:
          "v_retries := least(v_retries + (_status_code is not null)::integer, _job.max_retries);\n    v_state",
      }],
    },
  },
  {
    name: "garbage-answers",
    untouchedWithin: 40,
    async fault(world, load) {
      for (const user of world.users.slice(0, 4)) {
        await load.queue(user, badJobs("chaos-garbage", 14, endOfGarbage));
      }
      await pauseBetween(world, 3, 5);
      await disturb(world.gateway, "garbage", () => pauseBetween(world, 2, 4));
    },
    guard: {
      what: "an answer counts whatever job it names",
      changes: [{
        function: "private.apply_response",
        from: "and lower(v_id_header) = _job.id::text",
        to: "",
      }],
    },
  },
  {
    name: "answers-twice",
    untouchedWithin: 40,
    async fault(world, load) {
      for (const user of world.users.slice(0, 8)) {
        const jobs = badJobs("chaos-twice", 9, () => ["completed", "failed", "canceled"], 20);
        await load.queue(user, jobs);
      }
      await pauseBetween(world, 8, 12);
    },
    guard: ANY_REPORT_COUNTS,
  },
  {
    name: "secret-missing",
    async fault(world) {
      const [secret] = await world.sql`
        select id, decrypted_secret as value from vault.decrypted_secrets
        where name = 'app.jwt_secret'`;
      await world.sql`delete from vault.secrets where id = ${secret!.id}`;
      await pauseBetween(world, 5, 9);
      await world.sql`select vault.create_secret(${secret!.value}, 'app.jwt_secret')`;
    },
    check: endsThatWereNotRecorded,
    guard: {
      what: "a finish fails with the hand-over it asks for",
      changes: [{
        function: "public.finish_job",
        from: "exception when others then",
        to: "exception when division_by_zero then",
      }],
    },
  },
  {
    name: "database-unreachable",
    milliseconds: [20, 500],
    async fault(world) {
      await disturb(world.reports, "cut", () => pauseBetween(world, 3, 6));
      await pauseBetween(world, 1, 2);
      await disturb(world.reports, "lose answers", () => pauseBetween(world, 2, 5));
      await pauseBetween(world, 1, 2);
      await disturb(world.reports, "silent", () => pauseBetween(world, 2, 4));
    },
    guard: {
      what: "a commit that is repeated because its answer was lost happens again",
      changes: [{
        function: "public.begin_commit",
        from: "if v_attempt.outcome = 'completed' and v_attempt.call_id = _call_id then",
        to: "if false then",
      }, {
        function: "public.begin_commit",
        from: "v_attempt.finished_at is not null",
        to: "false",
      }, {
        function: "public.begin_commit",
        from: "v_job.state is distinct from 'running'",
        to: "false",
      }],
    },
  },
  {
    name: "user-deleted",
    untouchedWithin: 30,
    async fault(world) {
      for (const user of world.users.slice(0, 5)) {
        await world.sql`delete from auth.users where id = ${user.id}`.catch((error) => {
          // Only without the guard: the run goes on, and the check below sees the user.
          if (error.code !== "23503") throw error;
        });
        await pauseBetween(world, 0.2, 1);
      }
    },
    check: usersThatAreStillThere,
    guard: {
      what: "a job's log does not go with it, so that its user cannot be deleted",
      sql: `alter table public.job_logs drop constraint job_logs_job_id_fkey,
        add constraint job_logs_job_id_fkey foreign key (job_id) references public.job (id)`,
    },
  },
  {
    name: "disabled-and-enabled",
    async fault(world) {
      const names = ["chaos-library", "chaos-plain"];
      const set = (enabled: boolean) =>
        world.sql`update public.job_config set enabled = ${enabled},
          description = coalesce(description || ' ', '') || clock_timestamp()::text
          where job_name = any(${names})`;
      await set(false);
      await pauseBetween(world, 6, 9);
      await set(true);
    },
    check: startedWhileDisabled,
    guard: {
      what: "a disabled name is handed over",
      changes: [{
        function: "private.hand_over",
        from: "if not v_config.enabled then",
        to: "if false then",
      }],
    },
  },
  {
    name: "cancel-races-finish",
    milliseconds: [20, 400],
    expect: ["completed", "canceled"],
    fault: cancelAtRandom,
    guard: {
      what: "a job that was asked to stop is canceled, also if it completes first",
      changes: [{
        function: "private.end_attempt",
        from: "if _outcome = 'completed' then\n    v_state := 'completed';",
        to:
          "if _outcome = 'completed' and _job.cancel_requested_at is null then\n    v_state := 'completed';",
      }],
    },
  },
];

/** Attempts that were claimed between the two moments that the fault wrote down. */
async function startedWhileDisabled({ sql }: World): Promise<string[]> {
  const started = await patiently(() =>
    sql<{ text: string }[]>`
      select format('attempt %s of job %s was claimed while %s was disabled', a.attempt, j.id,
        j.job_name) as text
      from public.job_config c
      cross join lateral string_to_array(replace(c.description, '+00 ', '+00|'), '|') as moment
      join public.job j on j.job_name = c.job_name
      join private.job_attempt a on a.job_id = j.id
      where c.job_name in ('chaos-library', 'chaos-plain')
        and a.rung_at > moment[1]::timestamptz + interval '1.5 seconds'
        and a.rung_at < moment[2]::timestamptz - interval '0.1 seconds'`
  );
  return started.map(({ text }) => text);
}

/** Attempts whose function had ended, and which expired all the same. */
async function endsThatWereNotRecorded({ sql }: World): Promise<string[]> {
  const missed = await patiently(() =>
    sql<{ text: string }[]>`
      select format('attempt %s of job %s ended, and expired', a.attempt, a.job_id) as text
      from private.job_attempt a join public.chaos_ledger l
        on l.job_id = a.job_id and l.attempt = a.attempt and l.what = 'ended'
      where a.outcome = 'expired'`
  );
  return missed.map(({ text }) => text);
}

/** Users who were to be deleted. */
async function usersThatAreStillThere({ sql, users }: World): Promise<string[]> {
  const ids = users.slice(0, 5).map(({ id }) => id);
  const left = await patiently(() =>
    sql<{ id: string }[]>`select id from auth.users where id = any (${ids}::uuid[])`
  );
  return left.map(({ id }) => `user ${id} could not be deleted`);
}

/** Users cancel jobs of theirs, most of which run or have just ended. */
async function cancelAtRandom(world: World): Promise<void> {
  const end = Date.now() + 12_000;
  const byId = new Map(world.users.map((user) => [user.id, user]));
  while (Date.now() < end) {
    const jobs = await world.sql<{ id: string; user_id: string }[]>`
      select id, user_id from public.job where job_name in ('chaos-library', 'chaos-plain')
        and state in ('running', 'pending')
      order by state = 'running' desc, random() limit 4`;
    await Promise.all(jobs.map(async ({ id, user_id }) => {
      await pause(world.random() * 200);
      const response = await callApi(world, byId.get(user_id)!, "cancel_job", { _job_id: id });
      const answer = await response.text();
      if (!response.ok) throw new Error(`cancel_job answered ${response.status}: ${answer}`);
    }));
  }
}
