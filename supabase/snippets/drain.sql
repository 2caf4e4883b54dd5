-- Empty the queue of a name: everything of it that still waits is canceled. Put the name in.
-- What runs is not touched. retry-canceled.sql brings them back.
select j.id, public.dequeue_job(j.id) as canceled
from public.job j
where j.job_name = 'send-digest' and j.state = 'pending'
limit 1000;
