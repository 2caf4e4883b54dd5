// Work in every state, made before an upgrade, and what must have become of it afterwards.
import type postgres from "postgres";
import { finish, type Held, start, takeRing } from "../concurrency/support.ts";

export interface Given {
  users: string[];
  /** Attempts that were started and live before the upgrade, with a saved step each. */
  live: Held[];
  /** Jobs by the state they were in. */
  jobs: Record<
    "pending" | "delayed" | "waiting for retry" | "rung" | "completed" | "failed",
    string
  >;
  /** The schedule, where there are schedules. */
  scheduleId: string | null;
}

/** Makes users, limits and jobs. No session works on them but this one. */
export async function makeWork(sql: postgres.Sql): Promise<Given> {
  const users = Array.from({ length: 4 }, () => crypto.randomUUID());
  await sql`insert into auth.users (id, email) select u, u || '@example.test' from unnest(${users}::uuid[]) u`;
  await sql`select vault.create_secret('http://127.0.0.1:1', 'supabase_url'),
    vault.create_secret('secret-of-an-upgrade-of-32-characters', 'app.jwt_secret')`;
  await sql`insert into public.job_config (job_name, concurrency_limit, global_concurrency_limit,
      backoff_seconds, backoff_max_seconds, lease_seconds)
    values ('upgrade-one', 1, null, 0, 0, 60), ('upgrade-global', 3, 4, 0, 0, 60), ('upgrade-plain', 2, null, 0, 0, 60),
      ('kept-held', 5, null, 3600, 3600, 600), ('kept-off', 1, null, 0, 0, 60)`;
  await sql`update public.job_config set enabled = false where job_name = 'kept-off'`;
  const queue = async (name: string, more: { runAt?: string; retries?: number } = {}) => {
    const [row] = await sql`select private.queue_job_for_user(${users[0]!}, ${name}, '{"a": 1}',
      ${more.retries ?? 3}, ${more.runAt ?? null}) as id`;
    return row!.id as string;
  };

  const ids = [
    await queue("kept-held"),
    await queue("kept-held"),
    await queue("kept-held"),
  ];
  const [completed, failed] = [
    await queue("kept-held", { retries: 1 }),
    await queue("kept-held", { retries: 1 }),
  ];
  const attempts = new Map<string, Held>();
  for (
    let ring = await takeRing(sql, "kept-held");
    ring;
    ring = await takeRing(sql, "kept-held")
  ) {
    attempts.set(ring.id, (await start(sql, ring)).job!);
  }
  await finish(sql, attempts.get(ids[2]!)!, "failed", false);
  await finish(sql, attempts.get(completed)!, "completed", false);
  await finish(sql, attempts.get(failed)!, "failed", false);
  const live = [attempts.get(ids[0]!)!, attempts.get(ids[1]!)!];
  for (const { id, token } of live) {
    await sql`select save_job_step(${id}, ${token}, 'before', '{"the upgrade": true}')`;
  }
  const jobs = {
    pending: await queue("kept-off"),
    delayed: await queue("kept-held", { runAt: "2100-01-01" }),
    "waiting for retry": ids[2]!,
    rung: await queue("kept-held"),
    completed,
    failed,
  };
  return { users, live, jobs, scheduleId: await schedule(sql, users[1]!) };
}

async function schedule(sql: postgres.Sql, user: string): Promise<string | null> {
  const [found] = await sql`select to_regclass('public.job_schedule') as name`;
  if (!found!.name) return null;
  const [row] =
    await sql`select schedule_job('upgrade', 'upgrade-one', _every => '1 hour', _user_id => ${user}) as id`;
  await sql`update public.job_schedule set next_at = now() where id = ${row!.id}`;
  return row!.id;
}

/** What is not as it was, and what does not go on where it stood. */
export async function checkWork(
  sql: postgres.Sql,
  { live, jobs, scheduleId }: Given,
): Promise<string[]> {
  const faults: string[] = [];
  const expect = (what: string, found: unknown, expected: unknown) => {
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      faults.push(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
    }
  };
  const job = async (id: string) =>
    (await sql`select state, retries, next_run_at > now() as delayed, last_error from public.job where id = ${id}`)[
      0
    ] ?? {};
  expect("pending", (await job(jobs.pending)).state, "pending");
  expect("delayed", await job(jobs.delayed), {
    state: "pending",
    retries: 0,
    delayed: true,
    last_error: null,
  });
  expect("waiting for retry", await job(jobs["waiting for retry"]), {
    state: "pending",
    retries: 1,
    delayed: true,
    last_error: "as told",
  });
  expect("completed", (await job(jobs.completed)).state, "completed");
  expect("failed", (await job(jobs.failed)).state, "failed");
  expect("rung", (await job(jobs.rung)).state, "running");

  const [first, second] = live as [Held, Held];
  const [beat] =
    await sql`select heartbeat_job(${first.id}, ${first.token}) ->> 'status' as status`;
  expect("a heartbeat of an attempt of before", beat!.status, "ok");
  expect("its end", (await finish(sql, first, "completed", false)).state, "completed");
  // Continued: back to pending, rung again, and its step is still done.
  await sql`select release_job(${second.id}, ${second.token}, '0')`;
  for (
    let ring = await takeRing(sql, "kept-held");
    ring;
    ring = await takeRing(sql, "kept-held")
  ) {
    const { job } = await start(sql, ring) as { job?: Held & { steps: unknown } };
    if (ring.id === second.id) expect("its steps", job?.steps, { before: { "the upgrade": true } });
    if (job) {
      expect(
        `the end of ${ring.id}`,
        (await finish(sql, job, "completed", false)).state,
        "completed",
      );
    }
  }
  expect("continued", (await job(second.id)).state, "completed");
  expect("rung before, started afterwards", (await job(jobs.rung)).state, "completed");
  await sql`update public.job_config set enabled = true where job_name = 'kept-off'`;
  await sql`update public.job set next_run_at = now() where id = any (${[
    jobs.delayed,
    jobs["waiting for retry"],
  ]}::uuid[])`;
  if (scheduleId) {
    await sql`select private.queue_scheduled_jobs()`;
    const [row] =
      await sql`select last_job_id is not null as queued, last_error from public.job_schedule where id = ${scheduleId}`;
    expect("the schedule", row, { queued: true, last_error: null });
  }
  return faults;
}
