// The nine invariants, looked for after a batch. What a trigger can see, watch.sql has noted.
import type postgres from "postgres";
import { ACTORS } from "./known.ts";
import { drain, lonelyJobHasItsTurn } from "./settle.ts";

/** Something that an invariant forbids. */
export interface Fault {
  /** Number of the case that did it; -1: seen at the end of the batch. */
  number: number;
  invariant: number;
  what: string;
}

export interface Seen {
  /** Ids that queue_job and queue_jobs have returned. */
  acknowledged: Set<string>;
  /** Cases of the runtime API that were answered as stale. */
  stale: number[];
  /** Rows of strangers in net's tables. */
  foreign: { requests: number; answers: number };
}

/** Counts the rows in net's tables that are nobody's of ours. */
export async function countForeign(sql: postgres.Sql): Promise<Seen["foreign"]> {
  const [row] = await sql`select
    (select count(*) from net.http_request_queue where url like '%/foreign')::int as requests,
    (select count(*) from net._http_response where error_msg = 'foreign')::int as answers`;
  return row as unknown as Seen["foreign"];
}

/** Everything that is wrong now, and everything that went wrong in the batch. */
export async function checkBatch(sql: postgres.Sql, seen: Seen): Promise<Fault[]> {
  await sql`select set_config('fuzz.case', '-1', false)`;
  try {
    return await lookForFaults(sql, seen);
  } catch (error) {
    const { code, message, where } = error as { code?: string; message: string; where?: string };
    if (!code) throw error;
    const what = `a function of the engine raised ${code} ${message}\n    in ${where}`;
    return [{ number: -1, invariant: 6, what }];
  }
}

async function lookForFaults(sql: postgres.Sql, seen: Seen): Promise<Fault[]> {
  const faults = [
    ...await standing(sql),
    ...await foreignChanges(sql),
    ...await staleChanges(sql, seen.stale),
    ...await lost(sql, seen.acknowledged),
  ];
  await sql`select fuzz.explain_all()`;
  const found = (invariant: number) => (what: string) => ({ number: -1, invariant, what });
  const foreign = await countForeign(sql);
  if (foreign.requests !== seen.foreign.requests || foreign.answers !== seen.foreign.answers) {
    faults.push(
      found(7)(
        `${JSON.stringify(seen.foreign)} rows of strangers in net, then ${JSON.stringify(foreign)}`,
      ),
    );
  }
  faults.push(...await unread(sql));
  faults.push(...(await drain(sql)).map(found(1)));
  faults.push(...(await lonelyJobHasItsTurn(sql)).map(found(5)));
  faults.push(...await standing(sql));
  const noted = await sql<Fault[]>`
    select case_number as number, invariant, what from fuzz.fault order by 1 limit 20`;
  return [...noted, ...faults];
}

/** Invariants that one look at the tables can tell. */
async function standing(sql: postgres.Sql): Promise<Fault[]> {
  return await sql<Fault[]>`
    with live as (select a.job_id, count(*) as attempts, max(a.attempt) as attempt
      from private.job_attempt a where a.finished_at is null group by 1)
    select -1 as number, 2 as invariant, format('job %s is %s and has %s live attempts', j.id, j.state,
      coalesce(l.attempts, 0)) as what
    from public.job j left join live l on l.job_id = j.id
    where (j.state = 'running') <> (coalesce(l.attempts, 0) = 1 and l.attempt = j.attempt)
    union all
    select -1, 3, format('job %s failed after %s of %s tries without a reason', id, retries, max_retries)
    from public.job where state = 'failed' and last_error is null
    union all
    select -1, 3, format('job %s has had %s of %s tries', id, retries, max_retries)
    from public.job where retries > max_retries or retries < 0
    limit 10`;
}

/** Nobody changes what is not theirs; who is not signed in changes nothing. */
async function foreignChanges(sql: postgres.Sql): Promise<Fault[]> {
  return await sql<Fault[]>`
    select distinct on (c.case_number, c.what) c.case_number as number, 9 as invariant,
      format('%s: %s of %s, whose user is %s', f.actor, c.op, c.what, c.user_id) as what
    from fuzz.change c join pg_temp.fuzz_case f on f.number = c.case_number
    where f.actor in ('anon', 'ghost')
      or f.user_id is not null and c.user_id is distinct from f.user_id
        and (f.actor <> 'olga' or to_regprocedure('public.is_job_operator()') is null)
    limit 10`;
}

/** An attempt that is told it is stale has changed nothing; a canceled one that never starts has ended. */
async function staleChanges(sql: postgres.Sql, stale: number[]): Promise<Fault[]> {
  return await sql<Fault[]>`
    select distinct on (c.case_number) c.case_number as number, 2 as invariant,
      format('a stale report: %s of %s', c.op, c.what) as what
    from fuzz.change c
    where c.case_number = any (${stale}::int[]) and not exists (select from fuzz.change e
      where e.case_number = c.case_number and e.what = 'job' and e.new_state = 'canceled')
    limit 10`;
}

/** What was acknowledged is there, or its owner, a server or the pruning took it away. */
async function lost(sql: postgres.Sql, acknowledged: Set<string>): Promise<Fault[]> {
  return await sql<Fault[]>`
    select -1 as number, 1 as invariant, format('job %s was acknowledged and is lost', a.id) as what
    from unnest(${[...acknowledged]}::uuid[]) as a (id)
    where not exists (select from public.job j where j.id = a.id)
      and not exists (select from fuzz.gone g where g.job_id = a.id)
    limit 10`;
}

/** Every answer to a ring of ours is read, whatever is written in the others. */
async function unread(sql: postgres.Sql): Promise<Fault[]> {
  for (let round = 0; round < 5; round++) {
    const [row] = await sql`select private.process_jobs() as read`;
    if (row!.read === 0) break;
  }
  return await sql<Fault[]>`
    select -1 as number, 6 as invariant, format('the answer %s to attempt %s of job %s stays unread', r.id,
      a.attempt, a.job_id) as what
    from private.job_attempt a join net._http_response r on r.id = a.request_id
    where a.responded_at is null and r.created >= a.rung_at - interval '1 minute'
      and a.net_life = (select n.id from private.net_life n)
      and not exists (select from private.job_attempt n where n.request_id = a.request_id
        and n.responded_at is null and n.rung_at > a.rung_at)
    limit 10`;
}

/** Makes the list of the batch's cases known to the database. */
export async function noteActors(
  sql: postgres.Sql,
  cases: { number: number; actor: keyof typeof ACTORS | null }[],
): Promise<void> {
  const numbers = cases.map(({ number }) => number);
  const actors = cases.map(({ actor }) => actor);
  const users = cases.map(({ actor }) => actor && ACTORS[actor]);
  await sql.unsafe("drop table if exists pg_temp.fuzz_case");
  await sql`create temporary table fuzz_case as
    select * from unnest(${numbers}::int[], ${actors}::text[], ${users}::uuid[])
      as t (number, actor, user_id) where actor is not null`;
}
