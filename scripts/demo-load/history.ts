import type postgres from "postgres";
import { pick, type Random } from "./random.ts";
import type { DemoUser } from "./users.ts";

const WEEK_SECONDS = 7 * 86_400;
const HOUR_SECONDS = 3600;

type State = "completed" | "failed" | "canceled";

interface Kind {
  name: string;
  /** Seconds of work. */
  works: number;
  failures: [string, number][];
}

const KINDS: [Kind, number][] = [
  [{ name: "send-digest", works: 1.2, failures: [["the function answered 500", 1]] }, 10],
  [{ name: "import-contacts", works: 20, failures: [["line 12: no e-mail address", 1]] }, 4],
  [{
    name: "poll-feed",
    works: 0.6,
    failures: [["the function did not answer within the gateway's limit (504)", 3], [
      "no connection to the function: connection refused",
      1,
    ]],
  }, 8],
  [{ name: "always-fails", works: 0.1, failures: [["the function answered 500", 1]] }, 1],
];

interface PastJob {
  id: string;
  user_id: string;
  job_name: string;
  state: State;
  created_at: string;
  started_at: string;
  finished_at: string;
  attempt: number;
  error: string | null;
}

/** Ended jobs of the past week, a third of them within the last hour; counted, as the board shows them. */
export async function loadHistory(
  sql: postgres.Sql,
  users: DemoUser[],
  jobs: number,
  rng: Random,
): Promise<number> {
  const past = Array.from({ length: jobs }, () => pastJob(users, rng));
  await sql.begin(async (sql) => {
    await sql`
      insert into public.job (id, user_id, job_name, state, created_at, updated_at, last_run_at, finished_at, attempt,
        retries, last_error, request_body, result)
      select id, user_id, job_name, state, created_at, finished_at, started_at, finished_at, attempt,
        case when state = 'failed' then attempt else 0 end, error, '{"demo": true}', case state when 'completed' then '{"ok": true}'::jsonb end
      from jsonb_to_recordset(${
      sql.json(past as unknown as postgres.JSONValue)
    }) as p (id uuid, user_id uuid, job_name text, state text,
        created_at timestamptz, started_at timestamptz, finished_at timestamptz, attempt integer, error text)`;
    await sql`
      insert into private.job_attempt (job_id, attempt, rung_at, started_at, lease_expires_at, finished_at, outcome, status_code, error)
      select j.id, n, j.last_run_at, j.last_run_at, j.finished_at, j.finished_at,
        case when j.state = 'completed' and n < j.attempt then 'failed' else j.state end,
        case when j.state = 'failed' then 500 end, j.last_error
      from public.job j cross join lateral generate_series(1, j.attempt) n
      where j.id = any (${past.map((job) => job.id)}::uuid[])`;
    await sql`
      update public.job_logs l set created_at = j.created_at from public.job j
      where j.id = l.job_id and j.id = any (${past.map((job) => job.id)}::uuid[])`;
    await sql`
      insert into public.job_logs (job_id, log_message, log_level, created_at)
      select j.id, format('Attempt %s ', j.attempt) || case j.state when 'failed' then 'failed: ' || j.last_error else j.state end || '.',
        case j.state when 'failed' then 'ERROR' else 'INFO' end, j.finished_at
      from public.job j where j.id = any (${past.map((job) => job.id)}::uuid[])`;
    await sql`select private.recount_jobs()`;
  });
  return past.length;
}

function pastJob(users: DemoUser[], rng: Random): PastJob {
  const kind = pick(rng, KINDS);
  const user = pick(rng, users.map((user, i) => [user, users.length - i]));
  const ago = rng() < 0.33 ? 60 + rng() * HOUR_SECONDS : HOUR_SECONDS + rng() * WEEK_SECONDS;
  const created = Date.now() - ago * 1000;
  const started = created + 1000 * Math.min(ago - 30, 0.05 + rng() ** 6 * 20);
  const finished = Math.min(Date.now() - 15_000, started + 1000 * kind.works * (0.3 + 2 * rng()));
  const state = kind.name === "always-fails"
    ? "failed"
    : pick<State>(rng, [["completed", 92], ["failed", 6], ["canceled", 2]]);
  return {
    id: uuid(rng),
    user_id: user.id,
    job_name: kind.name,
    state,
    created_at: new Date(created).toISOString(),
    started_at: new Date(started).toISOString(),
    finished_at: new Date(finished).toISOString(),
    attempt: state === "failed" ? 3 : rng() < 0.05 ? 2 : 1,
    error: state === "failed" ? pick(rng, kind.failures) : null,
  };
}

/** A version 4 UUID; a new load, with another time, must not meet the ids of an old one. */
function uuid(rng: Random): string {
  const now = Date.now().toString(16).padStart(12, "0").slice(-12);
  const hex = Array.from({ length: 20 }, () => Math.floor(rng() * 16).toString(16)).join("");
  return `${now.slice(0, 8)}-${now.slice(8)}-4${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${
    hex.slice(6, 18)
  }`;
}
