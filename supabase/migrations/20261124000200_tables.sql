-- Part 2: the tables. One constraint states the state machine; comments say who sets a column. What users
-- may write into a job is checked by the trigger of part 6, with errors for people: PostgreSQL prepares every
-- check constraint anew for every update, and a job is updated twice by every run.

create table public.job (
  id uuid primary key default gen_random_uuid(),
  user_id uuid default auth.uid() references auth.users (id) on delete cascade,
  job_name text not null,
  request_body jsonb not null default '{}',
  state text not null default 'pending',
  retries integer not null default 0,
  max_retries integer not null default 3,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  last_run_at timestamptz,
  next_run_at timestamptz,
  locked_at timestamptz,
  priority integer not null default 0,
  unique_key text,
  attempt integer not null default 0,
  progress jsonb,
  result jsonb,
  last_error text,
  cancel_requested_at timestamptz,
  finished_at timestamptz,
  lane uuid not null generated always as
    (coalesce(user_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)) stored,

  constraint job_state_machine check (
    state in ('pending', 'running', 'completed', 'failed', 'canceled')
    and (state = 'running') = (locked_at is not null)
    and (state in ('completed', 'failed', 'canceled')) = (finished_at is not null)
    and (next_run_at is null or state = 'pending')
    and (cancel_requested_at is null or state = 'running'))
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.1);

-- Exactly the due jobs, in the order in which a lane runs them; lanes are found by skipping through it.
create index job_due on public.job (job_name, lane, priority desc, created_at, id)
  where state = 'pending' and next_run_at is null;
create index job_delayed on public.job (next_run_at)
  where state = 'pending' and next_run_at is not null;
create index job_delayed_by_lane on public.job (job_name, lane)
  where state = 'pending' and next_run_at is not null;
create index job_running on public.job (job_name, lane) where state = 'running';
create unique index job_unique_key_while_waiting on public.job (job_name, lane, unique_key)
  where unique_key is not null and state in ('pending', 'running');
create index job_ended on public.job (job_name, state, finished_at) where finished_at is not null;
create index job_by_user on public.job (user_id, created_at desc);

comment on table public.job is
  'One row is one job: run the Edge Function job_name with request_body in the context of user_id.';
comment on column public.job.id is 'The job''s id; X-Correlation-ID of its requests.';
comment on column public.job.user_id is 'Whose job it is. Null: a job of the system, run with an anon token.';
comment on column public.job.job_name is 'Name of the Edge Function that does the work.';
comment on column public.job.request_body is 'JSON body the function gets. At most 1 MiB.';
comment on column public.job.state is 'pending, running, completed, failed or canceled. Set by the engine.';
comment on column public.job.retries is 'Tries that failed so far. Set by the engine.';
comment on column public.job.max_retries is 'How often the job is tried in all, 1 to 100.';
comment on column public.job.created_at is 'When it was queued; older jobs of a lane run first.';
comment on column public.job.updated_at is 'When the row last changed.';
comment on column public.job.last_run_at is 'When its latest attempt was claimed. Set by the engine.';
comment on column public.job.next_run_at is 'Not before this time. Null: as soon as a slot is free.';
comment on column public.job.locked_at is 'Since when it is running. Set by the engine.';
comment on column public.job.priority is 'Higher runs first within the lane.';
comment on column public.job.unique_key is
  'While a job of the same user, name and key is pending or running, no second one is made.';
comment on column public.job.attempt is 'Number of its latest attempt, counting continued ones. Set by the engine.';
comment on column public.job.progress is 'What the function last reported as progress. Set by the engine.';
comment on column public.job.result is 'JSON result of a completed job, at most 64 KiB. Set by the engine.';
comment on column public.job.last_error is 'Why the latest attempt failed, in words. Set by the engine.';
comment on column public.job.cancel_requested_at is 'Since when the running function is asked to stop. Set by the engine.';
comment on column public.job.finished_at is 'When it completed, failed for good or was canceled. Set by the engine.';
comment on column public.job.lane is 'user_id, or the max UUID for jobs without a user. Generated.';

create table public.job_config (
  job_name text primary key,
  concurrency_limit integer not null default 1,
  enabled boolean not null default true,
  global_concurrency_limit integer,
  max_pending integer,
  lease_seconds integer not null default 60,
  response_timeout_seconds integer not null default 150,
  backoff_seconds integer not null default 300,
  backoff_max_seconds integer not null default 21600,
  linger_seconds integer not null default 0,
  rate_limit integer,
  rate_period interval not null default '1 minute',
  keep_completed interval not null default '7 days',
  keep_failed interval not null default '30 days',
  description text,

  constraint job_config_name_is_a_function_name check (job_name ~ '^[a-zA-Z][a-zA-Z0-9_-]{0,127}$'),
  constraint job_config_concurrency_limit_is_positive check (concurrency_limit > 0),
  constraint job_config_global_concurrency_limit_is_positive check (global_concurrency_limit > 0),
  constraint job_config_max_pending_is_1_to_1e9 check (max_pending between 1 and 1000000000),
  constraint job_config_lease_is_5_s_to_1_h check (lease_seconds between 5 and 3600),
  constraint job_config_response_timeout_is_1_to_400_s check (response_timeout_seconds between 1 and 400),
  constraint job_config_backoff_is_ordered
    check (backoff_seconds >= 0 and backoff_max_seconds >= backoff_seconds),
  constraint job_config_linger_is_0_to_300_s check (linger_seconds between 0 and 300),
  constraint job_config_rate_is_positive check (rate_limit > 0 and rate_period > interval '0' and rate_period <= interval '366 days'),
  constraint job_config_keeps_0_to_1000_years check (keep_completed between interval '0' and interval '1000 years'
    and keep_failed between interval '0' and interval '1000 years')
);
comment on table public.job_config is
  'Limits and times per job name. A name without a row runs with the defaults of these columns. For operators only.';
comment on column public.job_config.job_name is 'Name of the job and of its Edge Function.';
comment on column public.job_config.concurrency_limit is 'Jobs of one user that may run at once.';
comment on column public.job_config.enabled is 'False: jobs of this name wait.';
comment on column public.job_config.global_concurrency_limit is 'Jobs of all users together that may run at once; null: no limit.';
comment on column public.job_config.max_pending is
  'Jobs of one user that may be pending; null: no limit. Enqueuers at the same instant may pass it by their number.';
comment on column public.job_config.lease_seconds is 'How long a function that accepted may stay silent.';
comment on column public.job_config.response_timeout_seconds is 'How long pg_net waits for the function''s answer.';
comment on column public.job_config.backoff_seconds is 'Delay after the first failure; doubles with each further one.';
comment on column public.job_config.backoff_max_seconds is 'The longest delay between two tries.';
comment on column public.job_config.linger_seconds is 'How long a function without work waits for more before it ends.';
comment on column public.job_config.rate_limit is 'Jobs of this name that may start within rate_period; null: no limit.';
comment on column public.job_config.rate_period is 'The period of rate_limit.';
comment on column public.job_config.keep_completed is 'How long completed jobs are kept.';
comment on column public.job_config.keep_failed is 'How long failed and canceled jobs are kept.';
comment on column public.job_config.description is 'For people.';

create table public.job_logs (
  id bigint generated always as identity primary key,
  job_id uuid not null references public.job (id) on delete cascade,
  log_message text not null,
  log_level text not null default 'INFO',
  created_at timestamptz not null default clock_timestamp(),
  source text not null default 'engine'
) with (autovacuum_vacuum_insert_scale_factor = 0.1);
create index job_logs_by_job on public.job_logs (job_id, id);
comment on table public.job_logs is 'What happened to a job, line by line. Goes with the job.';
comment on column public.job_logs.id is 'Order of the lines.';
comment on column public.job_logs.job_id is 'The job.';
comment on column public.job_logs.log_message is 'The line.';
comment on column public.job_logs.log_level is 'DEBUG, INFO, WARN, ERROR or another upper-case word.';
comment on column public.job_logs.created_at is 'When it was written, or for lines of a function when it said so.';
comment on column public.job_logs.source is
  'engine: the engine says it; function: the attempt, proved by its token; user: whoever called log_job.';
