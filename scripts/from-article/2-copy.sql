-- Coming from the article's original schema, step 2, after the template's migrations: copies the rows that
-- step 1 set aside. Ids, times, states, tries, configuration and logs stay as they were; due jobs are rung
-- by the next tick. Rows whose job_name cannot be a function's name stay in article.job and are counted.
-- May be run again: what is there already is left alone.
begin;

insert into public.job_config (job_name, concurrency_limit, enabled)
select c.job_name, greatest(c.concurrency_limit, 1), coalesce(c.enabled, true)
from article.job_config c
where c.job_name ~ '^[a-zA-Z][a-zA-Z0-9_-]{0,127}$'
on conflict (job_name) do update
  set concurrency_limit = excluded.concurrency_limit, enabled = excluded.enabled;

-- The old logs say already that these jobs were queued, and the tick rings what is due.
alter table public.job disable trigger job_after_insert;
alter table public.job disable trigger job_ring_at_commit;
create temporary table copied (id uuid primary key) on commit drop;
with good as (
  select a.*, a.state::text as old_state, least(greatest(a.max_retries, 1), 100) as tries,
    coalesce(a.updated_at, a.created_at, now()) as changed_at
  from article.job a
  where a.job_name ~ '^[a-zA-Z][a-zA-Z0-9_-]{0,127}$'
), done as (
  insert into public.job (id, user_id, job_name, request_body, state, retries, max_retries, created_at, updated_at,
    last_run_at, next_run_at, locked_at, attempt, finished_at)
  select g.id, g.user_id, g.job_name, coalesce(g.request_body, '{}'), g.old_state,
    least(greatest(g.retries, 0), g.tries), g.tries, coalesce(g.created_at, g.changed_at), g.changed_at, g.last_run_at,
    case when g.old_state = 'pending' then g.next_run_at end,
    case when g.old_state = 'running' then coalesce(g.locked_at, g.changed_at) end,
    greatest(g.retries, 0) + case when g.old_state in ('running', 'completed') then 1 else 0 end,
    case when g.old_state in ('completed', 'failed', 'canceled') then g.changed_at end
  from good g
  on conflict (id) do nothing
  returning id
)
insert into copied select id from done;
alter table public.job enable trigger job_after_insert;
alter table public.job enable trigger job_ring_at_commit;

insert into public.job_logs (job_id, log_message, log_level, created_at)
select l.job_id, coalesce(l.log_message, ''), upper(coalesce(l.log_level::text, 'INFO')), coalesce(l.created_at, now())
from article.job_logs l
join copied c on c.id = l.job_id
order by l.created_at;

commit;

select a.state::text as state, count(*) as rows, count(j.id) as copied
from article.job a
left join public.job j on j.id = a.id
group by 1
order by 1;
