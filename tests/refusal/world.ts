// Whom the attacks act as, and the jobs they are aimed at: made through the API alone.
import postgres from "postgres";
import { clientOf, must, newUser, type Project, type User } from "../e2e/support/project.ts";

export interface Target extends Project {
  serviceRoleKey: string;
}

export type Actor = "anon" | "ada" | "bob" | "eve" | "service_role";

export interface World {
  target: Target;
  /** As postgres: looks whether something has changed. */
  sql: postgres.Sql;
  ada: User;
  bob: User;
  /** Her rows may change: she tries what is taken as text. */
  eve: User;
  /** Ada's jobs, one in each state that lasts. */
  jobs: { waits: string; runs: string; failed: string };
  /** Token of the live attempt of `runs`, of bob's running job, and of the ended attempt of `failed`. */
  tokens: { runs: string; bobs: string; ended: string };
  bobsJob: string;
  /** One HTTP request to the API as somebody. */
  request(actor: Actor, path: string, options?: RequestOptions): Promise<Response>;
  close(): Promise<void>;
}

export interface RequestOptions {
  method?: string;
  /** JSON, or a text that is sent as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}

const NAMES = ["refusal-waits", "refusal-runs", "refusal-ended"];

/** Signs up two users and brings jobs of theirs into each state. */
export async function createWorld(target: Target): Promise<World> {
  const sql = postgres(target.dbUrl, { max: 1, onnotice: () => {} });
  const [ada, bob, eve] = await Promise.all([1, 2, 3].map(() => newUser(target))) as [
    User,
    User,
    User,
  ];
  const tokens = new Map<Actor, string>();
  for (const [name, user] of [["ada", ada], ["bob", bob], ["eve", eve]] as const) {
    const { data } = await user.client.auth.getSession();
    tokens.set(name, data.session!.access_token);
  }
  const service = serviceClient(target);
  const request = (actor: Actor, path: string, options: RequestOptions = {}) =>
    send(target, tokens.get(actor), actor, path, options);

  for (const name of NAMES) {
    await must(
      service.from("job_config").upsert({
        job_name: name,
        enabled: false,
        lease_seconds: 3600,
      }).select(),
    );
  }
  const queue = async (user: User, name: string) =>
    await must(user.client.rpc("queue_job", {
      _job_name: name,
      _request_body: { secret: `of ${user.id}` },
      _max_retries: 1,
    })) as string;
  const waits = await queue(ada, "refusal-waits");
  const taken = { ada: await queue(ada, "refusal-runs"), bob: await queue(bob, "refusal-runs") };
  const failed = await queue(ada, "refusal-ended");
  const runs = await take(sql, "refusal-runs", 2);
  const [ended] = await take(sql, "refusal-ended", 1);
  await must(service.rpc("finish_job", {
    _job_id: ended!.id,
    _token: ended!.token,
    _outcome: "failed",
    _error: "as the attacks need it",
  }));
  const tokenOf = (id: string) => runs.find((job) => job.id === id)!.token;
  return {
    target,
    sql,
    ada,
    bob,
    eve,
    jobs: { waits, runs: taken.ada, failed },
    bobsJob: taken.bob,
    tokens: { runs: tokenOf(taken.ada), bobs: tokenOf(taken.bob), ended: ended!.token },
    request,
    async close() {
      await sql`delete from auth.users where id = any (${[ada.id, bob.id, eve.id]}::uuid[])`;
      await sql`delete from public.job_config where job_name = any (${NAMES})`;
      await sql.end();
    },
  };
}

function serviceClient(target: Target) {
  return clientOf({ ...target, anonKey: target.serviceRoleKey });
}

interface Taken {
  id: string;
  token: string;
}

/** Takes the waiting jobs of a name, as a function that lingers: nothing is rung. */
async function take(sql: postgres.Sql, name: string, count: number): Promise<Taken[]> {
  const taken: Taken[] = [];
  // In one transaction with the hand-over, so that no tick rings it first.
  await sql.begin(async (transaction) => {
    await transaction`update public.job_config set enabled = true where job_name = ${name}`;
    while (taken.length < count) {
      const [row] = await transaction`select public.next_job(${name}) -> 'next' as job`;
      if (!row!.job) throw new Error(`only ${taken.length} of ${count} jobs of ${name} to take`);
      taken.push(row!.job);
    }
  });
  return taken;
}

async function send(
  target: Target,
  token: string | undefined,
  actor: Actor,
  path: string,
  { method = "POST", body, headers = {} }: RequestOptions,
): Promise<Response> {
  const key = actor === "service_role" ? target.serviceRoleKey : target.anonKey;
  return await fetch(`${target.apiUrl}${path}`, {
    method,
    headers: {
      "Content-Type": "application/json",
      apikey: key,
      ...(token || actor === "service_role" ? { Authorization: `Bearer ${token ?? key}` } : {}),
      ...headers,
    },
    body: method === "GET" || body === undefined
      ? undefined
      : typeof body === "string"
      ? body
      : JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
}

/** Everything of ada's and bob's that no attack may change, as one text. */
export async function snapshot({ sql, ada, bob }: World): Promise<string> {
  const users = [ada.id, bob.id];
  const [row] = await sql`
    select jsonb_build_object(
      'jobs', (select jsonb_agg(to_jsonb(j) order by j.id) from public.job j where j.user_id = any (${users}::uuid[])),
      'attempts', (select jsonb_agg(to_jsonb(a) order by a.job_id, a.attempt) from private.job_attempt a
        join public.job j on j.id = a.job_id where j.user_id = any (${users}::uuid[])),
      'logs', (select jsonb_agg(to_jsonb(l) order by l.id) from public.job_logs l
        join public.job j on j.id = l.job_id where j.user_id = any (${users}::uuid[])),
      'steps', (select count(*) from private.job_step s join public.job j on j.id = s.job_id
        where j.user_id = any (${users}::uuid[])),
      'schedules', (select count(*) from public.job_schedule s where s.user_id = any (${users}::uuid[])),
      'config', (select jsonb_agg(to_jsonb(c) order by c.job_name) from public.job_config c),
      'relations', (select count(*) from pg_class c where c.relnamespace in ('public'::regnamespace,
        'private'::regnamespace)),
      'cron', (select count(*) from cron.job))::text as text`;
  return row!.text;
}
