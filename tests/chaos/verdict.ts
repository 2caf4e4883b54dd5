// Compares what the functions, the triggers and the engine say about the jobs of a run.
import type { Load } from "./load.ts";
import { patiently, type World } from "./world.ts";

export interface Verdict {
  jobs: number;
  attempts: number;
  lost: number;
  stuck: number;
  twice: number;
  /** Seconds from queueing to beginning, of the slowest job in the bystander's lane. */
  longestDelay: number;
  /** The first few faults, in words. */
  faults: string[];
}

interface Fault {
  kind: "lost" | "stuck" | "twice";
  job_id: string;
  what: string;
}

/** Reads everything once the run is over. */
export async function judge(world: World, load: Load): Promise<Verdict> {
  const { sql } = world;
  const acknowledged = [...load.acknowledged];
  const [counts] = await patiently(() =>
    sql<{ jobs: number; attempts: number; delay: number | null }[]>`
      select (select count(*) from public.job)::int as jobs,
        (select count(*) from private.job_attempt)::int as attempts,
        (select max(extract(epoch from b.at - j.created_at)) from public.job j
          cross join lateral (select min(l.at) as at from public.chaos_ledger l
            where l.job_id = j.id and l.what = 'began') b
          where j.job_name = 'chaos-untouched')::float8 as delay`
  );
  const faults = await patiently(() =>
    sql<Fault[]>`
      with acknowledged as (select unnest(${acknowledged}::uuid[]) as id),
      outcome as (
        select o.job_id, count(*) as times, max(o.attempt) as attempt from public.chaos_outcome o
        group by 1)
      select 'lost' as kind, a.id as job_id, 'it was acknowledged and is not there' as what
      from acknowledged a where not exists (select from public.job j where j.id = a.id)
        and not exists (select from public.chaos_gone g where g.job_id = a.id)
      union all
      select 'stuck', j.id, public.explain_job(j.id) from public.job j
      where j.state in ('pending', 'running')
      union all
      select 'stuck', a.job_id, 'an attempt is live, the job is ' || j.state
      from private.job_attempt a join public.job j on j.id = a.job_id
      where a.finished_at is null and j.state <> 'running'
      union all
      select 'lost', j.id, format('%s: %s', j.state, j.last_error) from public.job j
      where j.state not in ('pending', 'running') and not j.request_body -> 'expect' ? j.state
      union all
      select 'lost', j.id, 'completed, but its function has not ended' from public.job j
      where j.state = 'completed' and not exists (select from public.chaos_ledger l
        where l.job_id = j.id and l.attempt = j.attempt and l.what = 'ended')
      union all
      select 'lost', j.id, 'completed by commit, without the effect' from public.job j
      where j.state = 'completed' and j.job_name = 'chaos-library'
        and j.request_body -> 'commit' = 'true'
        and not exists (select from public.chaos_effect e where e.job_id = j.id)
      union all
      select 'lost', j.id, format('its effect took place, and the job is %s', j.state)
      from public.job j where j.state in ('failed', 'canceled')
        and exists (select from public.chaos_effect e where e.job_id = j.id)
      union all
      select 'twice', o.job_id, format('%s outcomes', o.times) from outcome o where o.times > 1
      union all
      select 'twice', e.job_id, format('%s effects', count(*)) from public.chaos_effect e
      group by e.job_id having count(*) > 1
      union all
      select 'twice', l.job_id, format('attempt %s began %s times', l.attempt, count(distinct l.run))
      from public.chaos_ledger l join public.job j on j.id = l.job_id
      where l.what = 'began' and j.job_name in ('chaos-library', 'chaos-untouched')
      group by l.job_id, l.attempt having count(distinct l.run) > 1
      union all
      select 'twice', a.job_id, format('%s after attempt %s had ended it', a.outcome, o.attempt)
      from private.job_attempt a join outcome o on o.job_id = a.job_id
      where a.attempt > o.attempt
      order by 1`
  );
  const count = (kind: Fault["kind"]) => faults.filter((fault) => fault.kind === kind).length;
  return {
    jobs: counts!.jobs,
    attempts: counts!.attempts,
    lost: count("lost"),
    stuck: count("stuck"),
    twice: count("twice"),
    longestDelay: counts!.delay ?? 0,
    faults: faults.slice(0, 8).map(({ kind, job_id, what }) => `${kind}: job ${job_id}: ${what}`),
  };
}
