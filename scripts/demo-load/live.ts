import type postgres from "postgres";
import type { Random } from "./random.ts";
import type { DemoUser } from "./users.ts";

const PAUSED = "demo-paused";
const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();

/** Jobs of now, queued as their users do: they run, fail, wait for their time or for a name, and come again. */
export async function loadLive(
  sql: postgres.Sql,
  users: DemoUser[],
  rng: Random,
): Promise<number> {
  await sql`
    insert into public.job_config (job_name, enabled, description)
    values (${PAUSED}, false, 'Paused by the demo load: its jobs wait')
    on conflict (job_name) do update set enabled = excluded.enabled`;
  let queued = 0;
  for (const user of users) {
    const ids = await queue(user, [
      ...Array.from({ length: 5 + Math.floor(rng() * 10) }, (_, i) => ({
        job_name: "send-digest",
        request_body: { day: day(i) },
      })),
      { job_name: "example-job", request_body: { greeting: `hello ${user.email}` } },
      { job_name: "always-fails" },
      { job_name: "always-fails", max_retries: 1 },
      { job_name: "send-digest", request_body: { day: "someday" } },
      {
        job_name: "send-digest",
        request_body: { day: day(0) },
        run_at: inMinutes(30 + 600 * rng()),
      },
      { job_name: "not-deployed" },
      { job_name: PAUSED, request_body: { report: "weekly" } },
      { job_name: PAUSED, request_body: { report: "canceled" } },
    ]);
    queued += ids.length;
    await rpc(user, "cancel_job", { _job_id: ids[ids.length - 1] });
    await rpc(user, "schedule_job", {
      _name: "morning digest",
      _job_name: "send-digest",
      _cron: "0 7 * * 1-5",
      _time_zone: "Europe/Berlin",
      _request_body: { day: day(0) },
    });
  }
  await sql`select public.schedule_job('nightly cleanup', 'nightly-cleanup', '15 3 * * *')`;
  await sql`select public.schedule_job('every ten minutes', ${PAUSED}, null, '10 minutes', _enabled => false)`;
  return queued;
}

async function queue(user: DemoUser, jobs: Record<string, unknown>[]): Promise<string[]> {
  return await rpc(user, "queue_jobs", { _jobs: jobs }) as string[];
}

async function rpc(user: DemoUser, name: string, args: Record<string, unknown>): Promise<unknown> {
  const { data, error } = await user.client.rpc(name, args);
  if (error) throw new Error(`${name} refused ${user.email}: ${error.message}`);
  return data;
}
