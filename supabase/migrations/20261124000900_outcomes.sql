-- Part 9: how an attempt ends. Every end, whoever reports it, passes through end_attempt.

-- Ends the live attempt of a job and moves the job on. _job is its row, which the caller has locked.
-- _outcome: completed | failed (a try is spent; retried while tries are left) | failed_permanently |
-- canceled | released (no try spent; due again after _delay) | expired (as failed: its function was silent).
-- _delay: for released, and for failed instead of the back-off (Retry-After; at most a day).
-- Returns the job's new state, or null if this attempt was not live: then nothing changed.
create function private.end_attempt(
  _job public.job, _attempt integer, _outcome text, _error text default null, _result jsonb default null,
  _delay interval default null, _status_code integer default null
) returns text
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_config public.job_config;
  v_error text := coalesce(left(_error, 8192),
    case when _outcome in ('failed', 'failed_permanently', 'expired') then 'no reason was given' end);
  v_state text;
  v_retries integer;
  v_delay interval;
begin
  if _job.state is distinct from 'running' or _job.attempt <> _attempt then
    update private.job_attempt a
    set finished_at = v_now, outcome = _outcome, error = v_error, status_code = _status_code
    where a.job_id = _job.id and a.attempt = _attempt and a.finished_at is null;
    return null;
  end if;

  v_retries := _job.retries;
  if _outcome = 'completed' then
    v_state := 'completed';
  elsif _outcome = 'canceled' or _job.cancel_requested_at is not null then
    v_state := 'canceled';
  elsif _outcome = 'failed_permanently' then
    v_state := 'failed';
    v_retries := least(v_retries + 1, _job.max_retries);
  elsif _outcome = 'released' then
    v_state := 'pending';
    v_delay := least(greatest(_delay, interval '0'), interval '365 days');
  else
    v_retries := least(v_retries + 1, _job.max_retries);
    v_state := case when v_retries >= _job.max_retries then 'failed' else 'pending' end;
    v_config := private.job_config_of(_job.job_name);
    v_delay := case when _delay is not null then least(greatest(_delay, interval '0'), interval '1 day')
      else make_interval(secs => (0.9 + 0.2 * random()) * least(v_config.backoff_max_seconds,
        v_config.backoff_seconds * power(2, least(_job.retries, 30)))) end;
  end if;

  with ended as (
    update private.job_attempt a
    set finished_at = v_now, outcome = _outcome, error = v_error, status_code = _status_code
    where a.job_id = _job.id and a.attempt = _attempt and a.finished_at is null
    returning a.job_id
  ), moved as (
    update public.job j
    set state = v_state, retries = v_retries, locked_at = null, cancel_requested_at = null, updated_at = v_now,
      finished_at = case when v_state <> 'pending' then v_now end,
      next_run_at = case when v_state = 'pending' and v_delay > interval '0' then v_now + v_delay end,
      result = case when _outcome = 'completed' then _result end,
      last_error = case when _outcome = 'completed' then null else coalesce(v_error, j.last_error) end
    from ended e where j.id = e.job_id
    returning j.id
  )
  insert into public.job_logs (job_id, created_at, log_message, log_level)
  select m.id, v_now, left(format('Attempt %s ', _attempt) || case
      when _outcome = 'completed' then 'completed.'
      when _outcome = 'released' and v_state = 'pending' then 'pauses; the job continues '
        || case when v_delay > interval '0' then 'at ' || v_now + v_delay else 'as soon as a slot is free' end || '.'
      else case when _outcome in ('canceled', 'released') then 'stopped' when _outcome = 'expired' then 'went silent'
          else 'failed' end
        || coalesce(': ' || v_error, '') || case v_state
          when 'pending' then format('. Try %s of %s at %s.', v_retries + 1, _job.max_retries, v_now + v_delay)
          when 'failed' then case when _outcome = 'failed_permanently' then '. Not retried.'
            else format('. Failed after %s of %s tries.', v_retries, _job.max_retries) end
          else '. Canceled.' end
    end, 8192),
    case when v_state = 'failed' then 'ERROR'
      when _outcome in ('failed', 'expired') then 'WARN' else 'INFO' end
  from moved m;
  if not found then
    return null;
  end if;
  return v_state;
end
$$;
comment on function private.end_attempt(public.job, integer, text, text, jsonb, interval, integer) is
  'Ends a live attempt and moves its job on; null, and no change, if the attempt is not live.';

-- Ends a running job's attempt as failed: pending again after the back-off while tries are left, else failed.
-- With max_retries = 3 a job is tried three times in all. Contract of the article.
-- Takes the job's id, the reason and a delay instead of the back-off; returns the new state, or null if the
-- job is not running. Waits for the job's row.
create function private.fail_job_with_retry(
  _job_id uuid, _error text default 'failed', _delay interval default null
) returns text
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_job public.job;
begin
  select * into v_job from public.job j where j.id = _job_id and j.state = 'running' for update;
  if not found then
    return null;
  end if;
  insert into private.job_attempt (job_id, attempt, rung_at, lease_expires_at)
  select v_job.id, v_job.attempt, v_job.locked_at, v_job.locked_at
  where not exists (select from private.job_attempt a where a.job_id = v_job.id and a.attempt = v_job.attempt)
  on conflict do nothing;
  return private.end_attempt(v_job, v_job.attempt, 'failed', _error, null, _delay);
end
$$;
comment on function private.fail_job_with_retry(uuid, text, interval) is
  'Fails a running job''s attempt: retried after 5 minutes x 2^retries (job_config) while tries are left.';

-- Called by pg_cron without arguments. Ends attempts whose lease ran out: each counts as a try, so that a
-- job that kills its function ends as failed. A ring that pg_net has still queued is left alone for an hour;
-- one that is neither queued nor answered was lost with pg_net's unlogged tables, and its attempt ends a
-- lease after it was rung. _timeout: rows that are running without any attempt (imported, or edited by
-- hand) count as failed after it. Returns how many it ended.
create function private.reset_stuck_jobs(_timeout interval default '15 minutes') returns integer
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_stuck record;
  v_job public.job;
  v_net_life uuid := (select n.id from private.net_life n);
  v_read boolean := false;
  v_count integer := 0;
begin
  for v_stuck in
    select a.job_id, a.attempt, a.rung_at, a.started_at, a.heartbeat_at,
      a.responded_at, a.request_id is not null and a.responded_at is null as unanswered, j.job_name, j.state as job_state,
      j.attempt as job_attempt
    from private.job_attempt a
    join public.job j on j.id = a.job_id
    where a.finished_at is null
      and (j.state <> 'running' or j.attempt <> a.attempt or a.lease_expires_at <= v_now
        or (a.started_at is null and a.request_id is not null and a.responded_at is null
          and a.rung_at + make_interval(secs => (private.job_config_of(j.job_name)).lease_seconds) <= v_now
          and (a.net_life is distinct from v_net_life
            or (not exists (select from net.http_request_queue q where q.id = a.request_id)
              and not exists (select from net._http_response r where r.id = a.request_id)))))
      and (a.started_at is not null or a.rung_at <= v_now - interval '1 hour'
        or j.state <> 'running' or j.attempt <> a.attempt or a.net_life is distinct from v_net_life
        or not exists (select from net.http_request_queue q where q.id = a.request_id))
    limit 1000
  loop
    if v_stuck.unanswered and not v_read then
      -- If the schedules stood still, its answer may lie there unread. In a block of its own: what the end of
      -- one attempt rolls back must not be the answers of the others.
      v_read := true;
      begin
        perform private.process_jobs();
      exception when others then
        raise warning 'reset_stuck_jobs: answers were not read: %', sqlerrm;
      end;
    end if;
    begin
      select * into v_job from public.job j where j.id = v_stuck.job_id for update skip locked;
      continue when not found;
      perform from private.job_attempt a
      where a.job_id = v_stuck.job_id and a.attempt = v_stuck.attempt and a.finished_at is null
        and a.started_at is not distinct from v_stuck.started_at
        and a.heartbeat_at is not distinct from v_stuck.heartbeat_at
        and a.responded_at is not distinct from v_stuck.responded_at;
      continue when not found;
      perform private.end_attempt(v_job, v_stuck.attempt, 'expired', case
        when v_stuck.started_at is not null then format('its function reported last at %s and then went silent',
          coalesce(v_stuck.heartbeat_at, v_stuck.started_at))
        when v_stuck.unanswered then 'pg_net lost the request: no answer ever came'
        else 'its function accepted it and never started it' end);
      v_count := v_count + 1;
    exception when others then
      raise warning 'reset_stuck_jobs: job %: %', v_stuck.job_id, sqlerrm;
    end;
  end loop;

  for v_stuck in
    select j.id from public.job j
    where j.state = 'running' and j.locked_at <= v_now - _timeout
      and not exists (select from private.job_attempt a where a.job_id = j.id and a.finished_at is null)
    limit 1000 for update skip locked
  loop
    update public.job j set attempt = j.attempt + 1, updated_at = v_now where j.id = v_stuck.id;
    perform private.fail_job_with_retry(v_stuck.id, format('running without an attempt for more than %s', _timeout));
    v_count := v_count + 1;
  end loop;
  return v_count;
end
$$;
comment on function private.reset_stuck_jobs(interval) is
  'Ends attempts whose function went silent; each counts as a try. Returns how many.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
