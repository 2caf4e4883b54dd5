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
-- it did, false if the job is in another state. Raises JQ409 if a job with its unique key waits or runs, JQ429 if
-- max_pending jobs wait.
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
  perform private.check_max_pending(v_job.job_name, v_job.lane, c.max_pending)
  from public.job_config c where c.job_name = v_job.job_name and c.max_pending is not null;
  perform private.log(_job_id, 'Queued again' || private.by_operator(v_job.user_id) || '.');
  return true;
exception when unique_violation then
  raise exception using errcode = 'JQ409',
    message = format('another job with the unique key %L is waiting or running', v_job.unique_key);
end
$$;
comment on function public.retry_job(uuid) is
  'Queues a failed or canceled job again; true if it did. Raises JQ401, JQ404, JQ409, JQ429.';

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

-- The first half of commit_job, which cannot be a definer: locks the job and returns {"status": "ok", "claims"},
-- the claims of its user's token; {"status": "done", "state", "result"} if this very call has completed it before; or
-- {"status": "stale"}.
create function public.begin_commit(_job_id uuid, _token uuid, _call_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_job public.job;
  v_attempt private.job_attempt;
begin
  select * into v_job from public.job j where j.id = _job_id for update;
  select * into v_attempt from private.job_attempt a where a.job_id = v_job.id and a.token = _token;
  if v_attempt.outcome = 'completed' and v_attempt.call_id = _call_id then
    return jsonb_build_object('status', 'done', 'state', v_job.state, 'result', v_job.result);
  elsif v_job.state is distinct from 'running' or v_attempt.attempt is distinct from v_job.attempt
    or v_attempt.finished_at is not null
  then
    return jsonb_build_object('status', 'stale');
  end if;
  update private.job_attempt a set call_id = coalesce(_call_id, a.call_id), started_at = coalesce(a.started_at, private.now())
  where a.job_id = v_attempt.job_id and a.attempt = v_attempt.attempt;
  return jsonb_build_object('status', 'ok', 'claims', jsonb_strip_nulls(jsonb_build_object('aud', 'authenticated',
    'sub', v_job.user_id, 'role', case when v_job.user_id is null then 'anon' else 'authenticated' end,
    'email', (select u.email from auth.users u where u.id = v_job.user_id))));
end
$$;
comment on function public.begin_commit(uuid, uuid, uuid) is 'For commit_job: locks the job and says as whom it runs.';

-- Runs one SQL function of schema public as the job's user and completes the job, in one transaction: the
-- effect happens exactly once, or not at all. _args: an object of the function's named arguments. _call_id: a random
-- id of the caller's; the same call repeated, because its answer was lost, gets the same answer.
-- Returns {"status", "state", "result"}. Raises JQ409, JQ422, or whatever the function raises (nothing is done then).
-- For service_role. Security invoker: a definer could not become the user. The session's login role
-- (authenticator) may, as at every request; the role is service_role again before the job is finished.
create function public.commit_job(
  _job_id uuid, _token uuid, _function text, _args jsonb default '{}', _call_id uuid default null
) returns jsonb
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_role text := current_setting('role', true);
  v_claims text := coalesce(current_setting('request.jwt.claims', true), '');
  v_begun jsonb;
  v_result jsonb;
  v_finished jsonb;
begin
  if _function is null or jsonb_typeof(_args) is distinct from 'object' then
    raise exception using errcode = 'JQ422', message = 'expected a function''s name and an object of its arguments';
  end if;
  v_begun := public.begin_commit(_job_id, _token, _call_id);
  if v_begun ->> 'status' = 'done' then
    return v_begun || '{"status": "ok"}';
  elsif v_begun ->> 'status' = 'stale' then
    return v_begun;
  end if;
  perform set_config('request.jwt.claims', v_begun ->> 'claims', true),
    set_config('role', v_begun #>> '{claims,role}', true);
  execute format('select case when pg_typeof(r)::text <> ''void'' then to_jsonb(r) end from public.%I(%s) r', _function, (
    select string_agg(format('%I => %L', a.key, a.value), ', ') from jsonb_each_text(_args) a)) into v_result;
  perform set_config('role', v_role, true), set_config('request.jwt.claims', v_claims, true);
  v_finished := public.finish_job(_job_id, _token, 'completed', v_result, _accept_next => null);
  if v_finished ->> 'status' <> 'ok' then
    raise exception using errcode = 'JQ409', message = format('%s ended the job it was to complete: nothing is done', _function);
  end if;
  return v_finished || jsonb_build_object('result', v_result);
end
$$;
comment on function public.commit_job(uuid, uuid, text, jsonb, uuid) is
  'For functions: runs a SQL function as the job''s user and completes the job in the same transaction.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
revoke all on function public.dequeue_job(uuid), public.cancel_job(uuid), public.retry_job(uuid),
  public.log_job(uuid, text, text), public.begin_commit(uuid, uuid, uuid),
  public.commit_job(uuid, uuid, text, jsonb, uuid)
  from public, anon, authenticated, service_role;
grant execute on function public.dequeue_job(uuid), public.cancel_job(uuid), public.retry_job(uuid),
  public.log_job(uuid, text, text) to anon, authenticated, service_role;
grant execute on function public.begin_commit(uuid, uuid, uuid), public.commit_job(uuid, uuid, text, jsonb, uuid)
  to service_role;
