-- Tables and functions as the article describes them: names, columns and schedules; bodies do not matter here.
create schema private;
create table public.job (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  job_name text not null check (trim(job_name) <> ''),
  request_body jsonb,
  state text not null default 'pending' check (state in ('pending', 'running', 'completed', 'failed', 'canceled')),
  retries int not null default 0,
  max_retries int not null default 3,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  last_run_at timestamptz,
  next_run_at timestamptz,
  locked_at timestamptz
);
create index job_by_state on public.job (state, next_run_at);
alter table public.job enable row level security;
create policy "own jobs" on public.job for all using (auth.uid() = user_id);
create table public.job_config (
  job_name text primary key, concurrency_limit int not null default 1 check (concurrency_limit > 0),
  enabled boolean not null default true
);
create table public.job_logs (
  id bigint generated always as identity primary key, job_id uuid references public.job (id),
  log_message text, log_level text default 'INFO', created_at timestamptz default now()
);
create function public.supabase_url() returns text language sql as 'select null::text';
create function private.jwt_secret() returns text language sql as 'select null::text';
create function private.generate_user_jwt(p_user_id uuid, p_role text, p_email text) returns text
language sql as 'select null::text';
create function private.run_job(p_job public.job) returns void language sql as '';
create function private.run_jobs() returns void language sql as '';
create function private.process_jobs() returns void language sql as '';
create function private.fail_job_with_retry(p_job public.job) returns void language sql as '';
create function private.reset_stuck_jobs(p_timeout interval default '15 minutes') returns void language sql as '';
create function public.queue_job(_job_name text, _request_body jsonb, _max_retries int default 3) returns uuid
language sql as 'select null::uuid';
create function public.dequeue_job(_job_id uuid) returns void language sql as '';
create function public.log_job(_job_id uuid, _log_message text, _log_level text default 'INFO') returns void
language sql as '';
select cron.schedule('run-jobs', '20 seconds', 'select private.run_jobs()');
select cron.schedule('process-jobs', '6 seconds', 'select private.process_jobs()');
select cron.schedule('reset-stuck-jobs', '*/8 * * * *', 'select private.reset_stuck_jobs()');
