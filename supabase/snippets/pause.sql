-- Pause a name: what runs goes on to its end, what waits goes on waiting. Put the name in.
insert into public.job_config (job_name, enabled) values ('send-digest', false)
on conflict (job_name) do update set enabled = false
returning job_name, enabled;
