-- Part 12: what users do with their jobs: dequeue, cancel, retry, log; and commit_job for functions.
-- Security definer, because state and log are the engine's columns; each checks that the job is the caller's,
-- or that the caller is an operator (part 19), whom the job's log names then.

-- The caller's job, locked. Servers and operators may name any job. Raises JQ401, or JQ404 if it is not theirs.
create function private.lock_own_job(_job_id uuid) returns public.job
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_user_id uuid := private.visible_user();
  v_job public.job;
begin
  select * into v_job from public.job j
  where j.id = _job_id and (v_user_id is null or j.user_id = v_user_id) for update;
  if not found then
    raise exception using errcode = 'JQ404', message = format('you have no job %s', coalesce(_job_id::text, 'null'));
  end if;
  return v_job;
end
$$;
comment on function private.lock_own_job(uuid) is 'The caller''s job, locked; JQ404 if it is not theirs.';

-- Cancels a job that is still pending. Returns true if it did. Contract of the article.
create function public.dequeue_job(_job_id uuid) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_job public.job := private.lock_own_job(_job_id);
begin
  if v_job.state <> 'pending' then
    return false;
  end if;
  update public.job j set state = 'canceled', finished_at = private.now(), next_run_at = null,
    updated_at = private.now() where j.id = _job_id;
  perform private.log(_job_id, 'Canceled before it ran' || private.by_operator(v_job.user_id) || '.');
  return true;
end
$$;
comment on function public.dequeue_job(uuid) is 'Cancels a job that is still pending; true if it did. Raises JQ401, JQ404.';

-- Cancels a pending job, or asks a running one to stop: its function hears it at the next heartbeat and
-- the job ends as canceled, unless it completes first. Returns true if either, false if the job has ended.
create function public.cancel_job(_job_id uuid) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_job public.job := private.lock_own_job(_job_id);
begin
  if v_job.state = 'running' then
    if v_job.cancel_requested_at is null then
      update public.job j set cancel_requested_at = private.now(), updated_at = private.now() where j.id = _job_id;
      perform private.log(_job_id, 'Asked to stop' || private.by_operator(v_job.user_id) || '.');
    end if;
    return true;
  end if;
  return public.dequeue_job(_job_id);
end
$$;
comment on function public.cancel_job(uuid) is
  'Cancels a pending job or asks a running one to stop; false if it has ended. Raises JQ401, JQ404.';

-- Queues a failed or canceled job again, with all its tries; steps it has done stay done. Returns true if
-- it did, false if the job is in another state. Raises JQ409 if a job with its unique key waits or runs.
create function public.retry_job(_job_id uuid) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_job public.job := private.lock_own_job(_job_id);
begin
  if v_job.state not in ('failed', 'canceled') then
    return false;
  end if;
  update public.job j set state = 'pending', retries = 0, finished_at = null, updated_at = private.now() where j.id = _job_id;
  perform private.log(_job_id, 'Queued again' || private.by_operator(v_job.user_id) || '.');
  return true;
exception when unique_violation then
  raise exception using errcode = 'JQ409',
    message = format('another job with the unique key %L is waiting or running', v_job.unique_key);
end
$$;
comment on function public.retry_job(uuid) is
  'Queues a failed or canceled job again; true if it did. Raises JQ401, JQ404, JQ409.';

-- Appends a line to the log of the caller's job. Level: an upper-case word, INFO by default. Messages are
-- cut at 8,192 characters. Raises JQ401, JQ404, JQ422. Contract of the article.
create function public.log_job(_job_id uuid, _log_message text, _log_level text default 'INFO') returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_caller uuid := private.caller();
begin
  if upper(_log_level) !~ '^[A-Z]{1,16}$' then
    raise exception using errcode = 'JQ422', message = format('%L is not a log level', left(_log_level, 100)),
      hint = 'Use DEBUG, INFO, WARN or ERROR.';
  elsif not exists (select from public.job j where j.id = _job_id and (v_caller is null or j.user_id = v_caller)) then
    raise exception using errcode = 'JQ404', message = format('you have no job %s', coalesce(_job_id::text, 'null'));
  end if;
  insert into public.job_logs (job_id, log_message, log_level, created_at, source)
  values (_job_id, left(coalesce(_log_message, ''), 8192), upper(coalesce(_log_level, 'INFO')), private.now(), 'user');
end
$$;
comment on function public.log_job(uuid, text, text) is
  'Appends a line to the log of the caller''s job. Raises JQ401, JQ404, JQ422.';

-- Runs one SQL function of schema public as the job's user and completes the job, in one transaction: the
-- effect happens exactly once, or not at all. _args: an object of the function's named arguments.
-- Returns {"status", "state", "result"}. Raises JQ422, or whatever the function raises (nothing is done then).
-- For service_role. Security invoker: a definer could not become the user. The session's login role
-- (authenticator) may, as at every request; the role is service_role again before the job is finished.
create function public.commit_job(_job_id uuid, _token uuid, _function text, _args jsonb default '{}') returns jsonb
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_role text := current_setting('role', true);
  v_claims text := coalesce(current_setting('request.jwt.claims', true), '');
  v_user_id uuid;
  v_result jsonb;
begin
  if _function is null or jsonb_typeof(_args) is distinct from 'object' then
    raise exception using errcode = 'JQ422', message = 'expected a function''s name and an object of its arguments';
  elsif public.heartbeat_job(_job_id, _token) ->> 'status' = 'stale' then
    return jsonb_build_object('status', 'stale');
  end if;
  v_user_id := (select j.user_id from public.job j where j.id = _job_id);
  perform set_config('request.jwt.claims', jsonb_strip_nulls(jsonb_build_object('sub', v_user_id, 'aud', 'authenticated',
      'role', case when v_user_id is null then 'anon' else 'authenticated' end))::text, true),
    set_config('role', case when v_user_id is null then 'anon' else 'authenticated' end, true);
  execute format('select to_jsonb(public.%I(%s))', _function, (
    select string_agg(format('%I => %L', a.key, a.value), ', ') from jsonb_each_text(_args) a)) into v_result;
  perform set_config('role', v_role, true), set_config('request.jwt.claims', v_claims, true);
  return public.finish_job(_job_id, _token, 'completed', v_result, _accept_next => null) || jsonb_build_object('result', v_result);
end
$$;
comment on function public.commit_job(uuid, uuid, text, jsonb) is
  'For functions: runs a SQL function as the job''s user and completes the job in the same transaction.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
revoke all on function public.dequeue_job(uuid), public.cancel_job(uuid), public.retry_job(uuid),
  public.log_job(uuid, text, text), public.commit_job(uuid, uuid, text, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function public.dequeue_job(uuid), public.cancel_job(uuid), public.retry_job(uuid),
  public.log_job(uuid, text, text) to anon, authenticated, service_role;
grant execute on function public.commit_job(uuid, uuid, text, jsonb) to service_role;
