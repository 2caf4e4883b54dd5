-- Resume a name: the next tick rings what waits. Put the name in.
update public.job_config set enabled = true where job_name = 'send-digest'
returning job_name, enabled;
