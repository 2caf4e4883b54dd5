-- The most frequent reasons of failed attempts within a day. Numbers and ids are made equal, so that the
-- same reason counts as one.
select a.job_name, regexp_replace(coalesce(a.error, 'no reason was given'),
    '[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+', '#', 'g') as reason,
  count(*) as attempts, max(a.finished_at) as latest, (array_agg(a.job_id order by a.finished_at desc))[1] as example
from private.job_attempts a
where a.outcome in ('failed', 'failed_permanently', 'expired') and a.finished_at > now() - interval '1 day'
group by 1, 2
order by attempts desc
limit 20;
