-- Ask every running job of a name to stop. Put the name in.
select j.id, public.cancel_job(j.id) as asked
from public.job j
where j.job_name = 'send-digest' and j.state = 'running';
