// What a batch knows of the database: the ids and tokens that its cases refer to.
import type postgres from "postgres";

export const USERS = {
  ada: "a0000000-0000-0000-0000-00000000000a",
  bob: "b0000000-0000-0000-0000-00000000000b",
  /** Has one job that must have its turn. */
  carol: "c0000000-0000-0000-0000-00000000000c",
  /** Is banned and let in again. */
  dave: "d0000000-0000-0000-0000-00000000000d",
  /** Is an operator by her token. */
  olga: "f0000000-0000-0000-0000-00000000000f",
};

/** Callers: the users, one who is gone, and the roles without a user. */
export const ACTORS = {
  ada: USERS.ada,
  bob: USERS.bob,
  olga: USERS.olga,
  ghost: "e0000000-0000-0000-0000-00000000000e",
  anon: null,
  service_role: null,
} as const;
export type Actor = keyof typeof ACTORS;

/** The role that an actor's requests work as. */
export function roleOf(actor: Actor): "anon" | "authenticated" | "service_role" {
  return actor === "anon" || actor === "service_role" ? actor : "authenticated";
}

/** What an actor's token says. Whoever may write user_metadata is no operator by it. */
export function claimsOf(actor: Actor): Record<string, unknown> {
  if (!ACTORS[actor]) return { role: roleOf(actor) };
  const metadata = { job_role: "operator" };
  return {
    role: roleOf(actor),
    sub: ACTORS[actor],
    job_role: "operator",
    user_metadata: metadata,
    app_metadata: actor === "olga" ? metadata : {},
  };
}

export interface KnownJob {
  id: string;
  user_id: string | null;
  state: string;
}
export interface KnownAttempt {
  job_id: string;
  token: string;
  /** pg_net's id of its ring, if it was rung. */
  request_id: string | null;
  live: boolean;
  /** It was rung and no answer was read. */
  unanswered: boolean;
}
export interface Known {
  jobs: KnownJob[];
  attempts: KnownAttempt[];
  schedules: string[];
}

/** Reads the newest jobs and attempts, in an order that a seed repeats. */
export async function readKnown(sql: postgres.Sql): Promise<Known> {
  const jobs = await sql<KnownJob[]>`
    select id, user_id, state from public.job order by created_at desc, id limit 60`;
  const attempts = await sql<KnownAttempt[]>`
    select a.job_id, a.token, a.request_id, a.finished_at is null as live,
      a.request_id is not null and a.responded_at is null as unanswered
    from private.job_attempt a join public.job j on j.id = a.job_id
    order by a.finished_at is null desc, a.rung_at desc, j.created_at, j.id, a.attempt limit 60`;
  const schedules = await sql<{ id: string }[]>`
    select id from public.job_schedule order by created_at desc, id limit 10`;
  return { jobs, attempts, schedules: schedules.map(({ id }) => id) };
}
