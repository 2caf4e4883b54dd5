-- Queue all failed jobs of a name again, with all their tries. Put the name in. Of several with the same
-- unique key only the newest, and none whose key a waiting or running job has.
with failed as (
  select distinct on (j.lane, coalesce(j.unique_key, j.id::text)) j.id
  from public.job j
  where j.job_name = 'always-fails' and j.state = 'failed' and j.finished_at is not null
    and not exists (select from public.job other
      where other.job_name = j.job_name and other.lane = j.lane and other.unique_key = j.unique_key
        and other.state in ('pending', 'running'))
  order by j.lane, coalesce(j.unique_key, j.id::text), j.created_at desc
  limit 1000
)
select f.id, public.retry_job(f.id) as queued_again from failed f;
