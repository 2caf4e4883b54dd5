-- Part 3: the engine's own tables, in private.

create table private.job_attempt (
  job_id uuid not null references public.job (id) on delete cascade,
  attempt integer not null,
  token uuid not null default gen_random_uuid(),
  request_id bigint,
  call_id uuid,
  claim_id uuid,
  rung_at timestamptz not null,
  started_at timestamptz,
  heartbeat_at timestamptz,
  lease_expires_at timestamptz not null,
  responded_at timestamptz,
  finished_at timestamptz,
  outcome text,
  status_code integer,
  error text,
  net_life uuid,
  primary key (job_id, attempt)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);

-- At most one live attempt per job: the constraint behind invariant 2.
create unique index job_attempt_live on private.job_attempt (job_id) where finished_at is null;
create index job_attempt_unanswered on private.job_attempt (request_id)
  where request_id is not null and responded_at is null;

create unique index job_attempt_claim on private.job_attempt (claim_id) where claim_id is not null;

comment on table private.job_attempt is 'Every try at a job. The fence, explain_job and the dashboards read it.';
comment on column private.job_attempt.job_id is 'The job.';
comment on column private.job_attempt.attempt is 'Its number, from 1; X-Job-Attempt of the ring.';
comment on column private.job_attempt.token is 'Secret of this attempt: reports without it change nothing.';
comment on column private.job_attempt.request_id is 'pg_net''s id of the ring; null if the job was handed over.';
comment on column private.job_attempt.call_id is
  'Which call started it, or completed it by commit_job: the same call repeated gets the same answer.';
comment on column private.job_attempt.claim_id is
  'What claimed it by hand-over: the token of the attempt that had ended, or the id of a call of next_job. Repeated, either gets this one.';
comment on column private.job_attempt.rung_at is 'When it was claimed.';
comment on column private.job_attempt.started_at is 'When the function proved the token; null for plain functions.';
comment on column private.job_attempt.heartbeat_at is 'When its function last said that it works.';
comment on column private.job_attempt.lease_expires_at is 'Silent past this time, it counts as failed.';
comment on column private.job_attempt.responded_at is 'When pg_net''s response was read, or given up.';
comment on column private.job_attempt.finished_at is 'When it ended; null while it is live.';
comment on column private.job_attempt.outcome is
  'completed, failed (a try is spent), failed_permanently, canceled, released (no try spent) or expired (silent past its lease).';
comment on column private.job_attempt.status_code is 'Status of the function''s answer, where the answer ended it.';
comment on column private.job_attempt.error is 'Why it failed, in words.';
comment on column private.job_attempt.net_life is 'The life of pg_net''s tables that request_id belongs to.';

-- Unlogged as pg_net's tables are: one row that a crash takes away together with them. pg_net's ids begin
-- again then, and whoever else uses pg_net soon gets the ids of rings that were lost.
create unlogged table private.net_life (
  only_row boolean primary key default true check (only_row),
  id uuid not null default gen_random_uuid()
);
comment on table private.net_life is 'Which life of pg_net''s unlogged tables this is: request ids are unique within one.';
comment on column private.net_life.only_row is 'Keeps the table to one row.';
comment on column private.net_life.id is 'New after each crash.';

create table private.job_step (
  job_id uuid not null references public.job (id) on delete cascade,
  name text not null,
  result jsonb,
  created_at timestamptz not null default clock_timestamp(),
  primary key (job_id, name),
  constraint job_step_name_is_1_to_255_characters check (char_length(name) between 1 and 255)
);
comment on table private.job_step is 'Results of the steps a job has done: a continued job does not repeat them.';
comment on column private.job_step.job_id is 'The job.';
comment on column private.job_step.name is 'Name of the step, unique within the job.';
comment on column private.job_step.result is 'What the step returned the first time.';
comment on column private.job_step.created_at is 'When it was saved.';

create table private.job_start (
  job_name text not null,
  started_at timestamptz not null
);
create index job_start_by_name on private.job_start (job_name, started_at);
comment on table private.job_start is 'Starts within the current rate_period, only for names with a rate_limit.';
comment on column private.job_start.job_name is 'The name that started.';
comment on column private.job_start.started_at is 'When.';

create table private.job_linger (
  job_name text primary key,
  expires_at timestamptz not null
);
comment on table private.job_linger is 'Names of which a function lingers: an enqueue leaves the job to it.';
comment on column private.job_linger.job_name is 'The name.';
comment on column private.job_linger.expires_at is 'Until when a function asks for more.';

create table private.lane_cursor (
  job_name text primary key,
  lane uuid not null
);
comment on table private.lane_cursor is 'Where the next tick goes on in the round of a name''s lanes.';
comment on column private.lane_cursor.job_name is 'The name.';
comment on column private.lane_cursor.lane is 'The last lane that was looked at.';

create table private.dispatcher (
  only_row boolean primary key default true check (only_row),
  last_run_at timestamptz,
  last_name text not null default ''
);
insert into private.dispatcher default values;
comment on table private.dispatcher is 'When run_jobs last ran: explain_job tells by it whether pg_cron is up.';
comment on column private.dispatcher.only_row is 'Keeps the table to one row.';
comment on column private.dispatcher.last_run_at is 'When run_jobs last began.';
comment on column private.dispatcher.last_name is
  'Where the next tick goes on in the round of names without a row in job_config.';

-- The configuration of a name, or the defaults when it has no row.
-- Takes a job name, returns one row. The defaults equal those of the columns (a test compares them), one by one, so
-- that a migration may add a column.
create function private.job_config_of(_job_name text) returns public.job_config
language plpgsql stable security invoker set search_path = ''
as $$
declare
  v_config public.job_config;
begin
  select * into v_config from public.job_config c where c.job_name = _job_name;
  if not found then
    v_config.job_name := _job_name;
    v_config.concurrency_limit := 1;
    v_config.enabled := true;
    v_config.lease_seconds := 60;
    v_config.response_timeout_seconds := 150;
    v_config.backoff_seconds := 300;
    v_config.backoff_max_seconds := 21600;
    v_config.linger_seconds := 0;
    v_config.rate_period := interval '1 minute';
    v_config.keep_completed := interval '7 days';
    v_config.keep_failed := interval '30 days';
  end if;
  return v_config;
end
$$;
comment on function private.job_config_of(text) is 'The job_config row of a name, or the defaults.';

-- Appends an engine's line to a job's log.
create function private.log(_job_id uuid, _message text, _level text default 'INFO') returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  insert into public.job_logs (job_id, log_message, log_level, created_at)
  values (_job_id, left(_message, 8192), _level, private.now());
end
$$;
comment on function private.log(uuid, text, text) is 'Appends a line of the engine to the job''s log.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
revoke all on all tables in schema private from public, anon, authenticated, service_role;
