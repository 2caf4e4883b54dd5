-- What is stuck, and why: the oldest due job of each name, and what runs for longer than 10 minutes.
with oldest as (
  select distinct on (j.job_name) j.id, j.job_name, j.state, j.created_at as since
  from public.job j
  where j.state = 'pending' and j.next_run_at is null
  order by j.job_name, j.created_at
), slow as (
  select j.id, j.job_name, j.state, j.locked_at as since
  from public.job j
  where j.state = 'running' and j.locked_at < now() - interval '10 minutes'
)
select s.job_name, s.id, s.state, date_trunc('second', now() - s.since) as for_how_long,
  public.explain_job(s.id) as why
from (select * from oldest union all select * from slow) s
order by s.since;
