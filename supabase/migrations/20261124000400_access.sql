-- Part 4: who may do what with the tables. Everything is revoked first, so that projects with the old
-- and with the new default privileges end in the same grants.

alter table public.job enable row level security;
alter table public.job_config enable row level security;
alter table public.job_logs enable row level security;
alter table private.job_attempt enable row level security;
alter table private.net_life enable row level security;
alter table private.job_step enable row level security;
alter table private.job_start enable row level security;
alter table private.job_linger enable row level security;
alter table private.lane_cursor enable row level security;
alter table private.dispatcher enable row level security;

revoke all on public.job, public.job_config, public.job_logs
  from public, anon, authenticated, service_role;
revoke all on sequence public.job_logs_id_seq from public, anon, authenticated, service_role;

-- Users: their own jobs. Engine's columns are in no grant, so no client can set them.
grant select, delete on public.job to authenticated;
grant insert (job_name, request_body, max_retries, next_run_at, priority, unique_key) on public.job to authenticated;
grant update (request_body, max_retries, next_run_at, priority) on public.job to authenticated;
grant select on public.job_logs to authenticated;

create policy "users read their own jobs" on public.job
  for select to authenticated using (user_id = (select auth.uid()));
create policy "users queue jobs for themselves" on public.job
  for insert to authenticated with check (user_id = (select auth.uid()));
create policy "users change their own jobs while pending" on public.job
  for update to authenticated
  using (user_id = (select auth.uid()) and state = 'pending')
  with check (user_id = (select auth.uid()) and state = 'pending');
create policy "users delete their own jobs unless running" on public.job
  for delete to authenticated using (user_id = (select auth.uid()) and state <> 'running');
create policy "users read the logs of their own jobs" on public.job_logs
  for select to authenticated
  using (exists (select from public.job j where j.id = job_id and j.user_id = (select auth.uid())));
create policy "job_config is for operators" on public.job_config
  for all to anon, authenticated using (false) with check (false);

-- Servers: jobs for any user or none, and the configuration; still no engine's column.
grant select, delete on public.job to service_role;
grant insert (user_id, job_name, request_body, max_retries, next_run_at, priority, unique_key)
  on public.job to service_role;
grant update (request_body, max_retries, next_run_at, priority) on public.job to service_role;
grant select on public.job_logs to service_role;
grant select, insert, update, delete on public.job_config to service_role;
