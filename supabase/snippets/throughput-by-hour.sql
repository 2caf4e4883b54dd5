-- Attempts by hour and name within a day: how many, how they ended, how long they took.
select date_trunc('hour', a.finished_at) as hour, a.job_name, count(*) as attempts,
  count(*) filter (where a.outcome = 'completed') as completed,
  count(*) filter (where a.outcome in ('failed', 'failed_permanently', 'expired')) as failed,
  percentile_cont(0.5) within group (order by extract(epoch from a.duration)) as median_seconds,
  percentile_cont(0.99) within group (order by extract(epoch from a.duration)) as p99_seconds
from private.job_attempts a
where a.finished_at > now() - interval '1 day'
group by 1, 2
order by 1 desc, 2;
