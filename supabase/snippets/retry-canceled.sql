-- Queue the jobs of a name that were canceled within the last hour again. Put the name in.
select j.id, public.retry_job(j.id) as queued_again
from public.job j
where j.job_name = 'send-digest' and j.state = 'canceled' and j.finished_at > now() - interval '1 hour'
order by j.created_at
limit 1000;
