-- Part 11: what functions report with: the runtime API, for service_role only. Each call shows the
-- attempt's token; a stale or made-up one changes nothing and is answered {"status": "stale"}.
-- All are security definer, because attempts are in private.

-- A claimed job as its function needs it.
create function private.job_payload(_job_id uuid, _attempt integer) returns jsonb
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  return (
    select jsonb_build_object('id', j.id, 'job_name', j.job_name, 'user_id', j.user_id,
      'request_body', j.request_body, 'attempt', a.attempt, 'retries', j.retries, 'max_retries', j.max_retries,
      'token', a.token, 'lease_seconds', c.lease_seconds, 'linger_seconds', c.linger_seconds,
      'authorization', private.job_authorization(j.user_id),
      'steps', coalesce((select jsonb_object_agg(s.name, s.result) from private.job_step s where s.job_id = j.id), '{}'))
    from public.job j
    join private.job_attempt a on a.job_id = j.id and a.attempt = _attempt
    cross join lateral private.job_config_of(j.job_name) c
    where j.id = _job_id
  );
end
$$;
comment on function private.job_payload(uuid, integer) is 'A claimed job as its function needs it, with token and authorization.';

-- Locks a job and returns it if the token is that of its live attempt; else null.
create function private.lock_live_job(_job_id uuid, _token uuid) returns public.job
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_job public.job;
begin
  select * into v_job from public.job j where j.id = _job_id for update;
  if exists (select from private.job_attempt a where a.job_id = v_job.id and a.attempt = v_job.attempt
    and a.token = _token and a.finished_at is null and v_job.state = 'running')
  then
    return v_job;
  end if;
  return null;
end
$$;
comment on function private.lock_live_job(uuid, uuid) is 'The job, locked, if the token is its live attempt''s; else null.';

-- The same for a repeated call, unless the function has begun to report on it: then its answer was not lost.
create function private.payload_again(_attempt private.job_attempt, _accept_next boolean) returns jsonb
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  if _accept_next and _attempt.finished_at is null and _attempt.heartbeat_at is null
    and (private.lock_live_job(_attempt.job_id, _attempt.token)).id is not null
  then
    update private.job_attempt a set lease_expires_at = private.now() + (_attempt.lease_expires_at - _attempt.rung_at)
    where a.job_id = _attempt.job_id and a.attempt = _attempt.attempt;
    return private.job_payload(_attempt.job_id, _attempt.attempt);
  end if;
  return null;
end
$$;
comment on function private.payload_again(private.job_attempt, boolean) is 'The payload of an attempt that a repeated call asks for again.';

-- Claims the first due job of a lane for a function that is free: claim_lanes for the one job of a hand-over,
-- without its set of lanes and its ring. The caller holds the lane's lock or a slot of it. _claim_id: by which
-- a repeated call finds it. Null if none may start.
create function private.claim_one(_config public.job_config, _lane uuid, _claim_id uuid) returns private.job_attempt
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_attempt private.job_attempt;
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    return null;
  end if;
  if _config.global_concurrency_limit is not null or _config.rate_limit is not null then
    if not private.hold(private.name_lock(_config.job_name), 2) then
      return null;
    end if;
    v_now := private.now();
    if private.name_slots(_config, v_now) < 1 then
      return null;
    end if;
  end if;
  with chosen as (
    select j.id from public.job j
    where j.state = 'pending' and j.next_run_at is null and j.job_name = _config.job_name and j.lane = _lane
      and (select count(*) from public.job r where r.state = 'running' and r.job_name = _config.job_name
        and r.lane = _lane) < _config.concurrency_limit
      and (select count(*) from private.job_attempt a where a.job_id = j.id and a.finished_at is null) = 0
    order by j.priority desc, j.created_at, j.id
    limit 1 for update skip locked
  ), claimed as (
    update public.job j
    set state = 'running', attempt = j.attempt + 1, locked_at = v_now, last_run_at = v_now, updated_at = v_now
    from chosen c where j.id = c.id
    returning j.id, j.attempt
  )
  insert into private.job_attempt (job_id, attempt, claim_id, rung_at, started_at, lease_expires_at)
  select c.id, c.attempt, _claim_id, v_now, v_now, v_now + make_interval(secs => _config.lease_seconds) from claimed c
  returning * into v_attempt;
  if not found then
    return null;
  end if;
  if _config.rate_limit is not null then
    insert into private.job_start (job_name, started_at) values (_config.job_name, v_now);
  end if;
  return v_attempt;
end
$$;
comment on function private.claim_one(public.job_config, uuid, uuid) is
  'Claims the first due job of a lane within all limits, for a hand-over.';

-- Claims the next job of a name for a function that has a slot to give (_holds_slot: it has just ended a
-- job of _lane in this transaction) or asks for one. Other lanes first, in round order after _lane (at most 16
-- are tried), then _lane itself. _claim_id: by which a repeated call finds the attempt again.
create function private.hand_over(
  _job_name text, _lane uuid, _holds_slot boolean, _claim_id uuid
) returns private.job_attempt
language plpgsql volatile security invoker set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_config public.job_config := private.job_config_of(_job_name);
  v_next private.job_attempt;
  v_lane uuid := _lane;
  v_before uuid;
  v_wrapped boolean := false;
begin
  if not v_config.enabled then
    return null;
  end if;
  if _holds_slot and not exists (select from public.job j where j.state = 'pending' and j.next_run_at is null
    and j.job_name = _job_name and j.lane = _lane)
  then
    -- The lane falls idle: whoever queues into it now either is seen below or waits, and sees the free slot.
    perform private.hold(private.lane_lock(_job_name, _lane), 1);
  end if;
  if v_config.global_concurrency_limit is not null or v_config.rate_limit is not null then
    -- Before the lanes: those who wait for the name would hold the lanes that others look for work in.
    perform private.hold(private.name_lock(_job_name), 2);
  end if;
  for v_hop in 1..16 loop
    v_before := v_lane;
    select j.lane into v_lane from public.job j
    where j.state = 'pending' and j.next_run_at is null and j.job_name = _job_name and j.lane > v_before
    order by j.lane limit 1;
    if v_lane is null and not v_wrapped then
      v_wrapped := true;
      select j.lane into v_lane from public.job j
      where j.state = 'pending' and j.next_run_at is null and j.job_name = _job_name
      order by j.lane limit 1;
    end if;
    exit when v_lane is null or (v_wrapped and v_lane >= _lane);
    continue when not private.lane_is_open(v_config, v_lane)
      or not private.hold(private.lane_lock(_job_name, v_lane), 1, false);
    v_next := private.claim_one(v_config, v_lane, _claim_id);
    if v_next.job_id is not null then
      return v_next;
    end if;
  end loop;
  if not private.lane_is_open(v_config, _lane)
    or not (_holds_slot or private.hold(private.lane_lock(_job_name, _lane), 1, false))
  then
    return null;
  end if;
  v_next := private.claim_one(v_config, _lane, _claim_id);
  if v_next.job_id is null then
    return null;
  end if;
  return v_next;
end
$$;
comment on function private.hand_over(text, uuid, boolean, uuid) is 'Claims the next job of a name for a function that is free.';

-- Starts an attempt: once, however often the ring is delivered. A repeated call with the same _call_id
-- gets the same answer. Returns {"status": "ok", "job": …} or {"status": "stale"}.
create function public.start_job(_job_id uuid, _token uuid, _call_id uuid default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_now timestamptz := private.now();
  v_job public.job := private.lock_live_job(_job_id, _token);
begin
  if v_job.id is null then
    return jsonb_build_object('status', 'stale');
  end if;
  if v_job.cancel_requested_at is not null then
    perform private.end_attempt(v_job, v_job.attempt, 'canceled', 'canceled before it started');
    perform private.fill_slot(v_job.job_name, v_job.lane);
    return jsonb_build_object('status', 'stale');
  end if;
  update private.job_attempt a
  set started_at = coalesce(a.started_at, v_now), call_id = _call_id,
    lease_expires_at = v_now + make_interval(secs => (private.job_config_of(v_job.job_name)).lease_seconds)
  where a.job_id = v_job.id and a.attempt = v_job.attempt and (a.started_at is null or a.call_id = _call_id);
  if not found then
    return jsonb_build_object('status', 'stale');
  end if;
  return jsonb_build_object('status', 'ok', 'job', private.job_payload(v_job.id, v_job.attempt));
end
$$;
comment on function public.start_job(uuid, uuid, uuid) is 'For functions: proves the token and starts the attempt, once.';

-- Extends the lease, keeps the progress. Returns {"status": "ok" | "canceled" | "stale"}: canceled means
-- that the user asked to stop.
create function public.heartbeat_job(_job_id uuid, _token uuid, _progress jsonb default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_now timestamptz := private.now();
  v_job public.job := private.lock_live_job(_job_id, _token);
begin
  if v_job.id is null then
    return jsonb_build_object('status', 'stale');
  end if;
  update private.job_attempt a
  set heartbeat_at = v_now,
    lease_expires_at = v_now + make_interval(secs => (private.job_config_of(v_job.job_name)).lease_seconds)
  where a.job_id = v_job.id and a.attempt = v_job.attempt;
  if _progress is not null and octet_length(_progress::text) <= 131072 then
    update public.job j set progress = _progress, updated_at = v_now where j.id = v_job.id;
  end if;
  return jsonb_build_object('status', case when v_job.cancel_requested_at is null then 'ok' else 'canceled' end);
end
$$;
comment on function public.heartbeat_job(uuid, uuid, jsonb) is 'For functions: extends the lease; tells whether to stop.';

-- Ends the attempt, once, and hands over the next job if asked. Repeating it is harmless: same answer.
-- _accept_next false: the function takes no more, so the next job of the lane is rung; null: it will ask by
-- next_job or by repeating this call. _outcome: completed | failed | failed_permanently | canceled. Returns
-- {"status", "state", "next"}.
-- Raises JQ422 for another outcome, JQ413 for a result above 64 KiB: 128 KiB as PostgreSQL spells it, with spaces.
create function public.finish_job(
  _job_id uuid, _token uuid, _outcome text, _result jsonb default null, _error text default null,
  _retry_after interval default null, _accept_next boolean default false
) returns jsonb
language plpgsql volatile security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_job public.job;
  v_attempt private.job_attempt;
  v_state text;
  v_next private.job_attempt;
  v_payload jsonb;
begin
  if _outcome is null or _outcome not in ('completed', 'failed', 'failed_permanently', 'canceled') then
    raise exception using errcode = 'JQ422', message = format('unknown outcome %L', left(_outcome, 100)),
      hint = 'Known are completed, failed, failed_permanently and canceled.';
  elsif octet_length(_result::text) > 131072 then
    raise exception using errcode = 'JQ413', message = 'the result is larger than 64 KiB';
  end if;
  select * into v_job from public.job j where j.id = _job_id for update;
  select * into v_attempt from private.job_attempt a where a.job_id = v_job.id and a.token = _token;
  if v_attempt.job_id is null or v_attempt.outcome is distinct from _outcome and v_attempt.finished_at is not null then
    return jsonb_build_object('status', 'stale', 'next', null);
  end if;
  if v_attempt.finished_at is null then
    v_state := private.end_attempt(v_job, v_attempt.attempt, _outcome, _error, _result, _retry_after);
    if v_state is null then
      return jsonb_build_object('status', 'stale', 'next', null);
    end if;
  else
    select * into v_next from private.job_attempt a where a.claim_id = _token;
    if found then
      return jsonb_build_object('status', 'ok', 'state', v_job.state, 'next', private.payload_again(v_next, _accept_next));
    end if;
  end if;
  if _accept_next then
    -- Whatever prevents the hand-over (a Vault secret that is missing), the outcome is kept.
    begin
      v_next := private.hand_over(v_job.job_name, v_job.lane, v_state is not null, _token);
      if v_next.job_id is not null then
        v_payload := private.job_payload(v_next.job_id, v_next.attempt);
      end if;
    exception when others then
      raise warning 'job % ended, and nothing was handed over: %', _job_id, sqlerrm;
    end;
  elsif not _accept_next then
    perform private.fill_slot(v_job.job_name, v_job.lane);
  end if;
  return jsonb_build_object('status', 'ok', 'state', coalesce(v_state, v_job.state), 'next', v_payload);
end
$$;
comment on function public.finish_job(uuid, uuid, text, jsonb, text, interval, boolean) is
  'For functions: ends the attempt, once, and hands over the next job of this name if asked.';

-- The next job of a name for a function that lingers. _linger_seconds: how much longer it will ask; while
-- it does, an enqueue leaves the job to it. _call_id: a random id of the caller's; the same call repeated, because
-- its answer was lost, gets the same job. Returns {"next": job or null}.
create function public.next_job(_job_name text, _linger_seconds numeric default 0, _call_id uuid default null)
returns jsonb
language plpgsql volatile security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_now timestamptz := private.now();
  v_until timestamptz;
  v_next private.job_attempt;
begin
  if _call_id is not null then
    -- A repeated call waits until the first one has ended.
    perform pg_advisory_xact_lock(hashtextextended(_call_id::text, 7504));
    select * into v_next from private.job_attempt a where a.claim_id = _call_id;
    if found then
      return jsonb_build_object('next', private.payload_again(v_next, true));
    end if;
  end if;
  v_next := private.hand_over(_job_name, gen_random_uuid(), false, _call_id);
  if v_next.job_id is not null then
    return jsonb_build_object('next', private.job_payload(v_next.job_id, v_next.attempt));
  end if;
  v_until := v_now + make_interval(secs =>
    greatest(0, least(_linger_seconds, 1, (private.job_config_of(_job_name)).linger_seconds))::double precision);
  if v_until > v_now then
    insert into private.job_linger as l (job_name, expires_at) values (_job_name, v_until)
    on conflict (job_name) do update set expires_at = excluded.expires_at
      where l.expires_at < least(excluded.expires_at, v_now + interval '500 milliseconds');
  end if;
  return jsonb_build_object('next', null);
end
$$;
comment on function public.next_job(text, numeric, uuid) is 'For functions that linger: the next job of this name.';

-- Gives the job back without spending a try, due again after _after. Returns {"status", "state"}.
create function public.release_job(_job_id uuid, _token uuid, _after interval default '0') returns jsonb
language plpgsql volatile security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_job public.job := private.lock_live_job(_job_id, _token);
  v_state text;
begin
  if v_job.id is null then
    return jsonb_build_object('status', 'stale');
  end if;
  v_state := private.end_attempt(v_job, v_job.attempt, 'released', null, null, coalesce(_after, '0'));
  perform private.fill_slot(v_job.job_name, v_job.lane);
  return jsonb_build_object('status', 'ok', 'state', v_state);
end
$$;
comment on function public.release_job(uuid, uuid, interval) is 'For functions: back to pending without spending a try.';

-- Keeps the result of a step; the first one wins. Returns {"status", "result"}. Raises JQ413 above 256 KiB (512
-- KiB as PostgreSQL spells it, with spaces), JQ422 for a name without 1 to 255 characters.
create function public.save_job_step(_job_id uuid, _token uuid, _name text, _result jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_job public.job := private.lock_live_job(_job_id, _token);
begin
  if v_job.id is null then
    return jsonb_build_object('status', 'stale');
  elsif coalesce(char_length(_name), 0) not between 1 and 255 then
    raise exception using errcode = 'JQ422', message = 'the name of a step must have 1 to 255 characters';
  elsif octet_length(_result::text) > 524288 then
    raise exception using errcode = 'JQ413', message = format('the result of step %L is larger than 256 KiB', _name);
  end if;
  insert into private.job_step (job_id, name, result) values (v_job.id, _name, _result) on conflict do nothing;
  return jsonb_build_object('status', 'ok', 'result',
    (select s.result from private.job_step s where s.job_id = v_job.id and s.name = _name));
end
$$;
comment on function public.save_job_step(uuid, uuid, text, jsonb) is 'For functions: keeps a step''s result; the first wins.';

-- Appends up to 1,000 lines [{"level", "message", "at"}] to the job's log. Returns {"status"}.
create function public.log_job_attempt(_job_id uuid, _token uuid, _lines jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_job public.job := private.lock_live_job(_job_id, _token);
  v_line jsonb;
  v_at timestamptz;
begin
  if v_job.id is null then
    return jsonb_build_object('status', 'stale');
  elsif jsonb_typeof(_lines) is distinct from 'array' then
    raise exception using errcode = 'JQ422', message = 'expected an array of lines';
  end if;
  for v_line in select e from jsonb_array_elements(_lines) e limit 1000 loop
    begin
      v_at := (v_line ->> 'at')::timestamptz;
    exception when others then
      v_at := null;
    end;
    insert into public.job_logs (job_id, log_message, log_level, created_at, source)
    values (v_job.id, left(coalesce(v_line ->> 'message', ''), 8192),
      case when upper(v_line ->> 'level') ~ '^[A-Z]{1,16}$' then upper(v_line ->> 'level') else 'INFO' end,
      coalesce(v_at, private.now()), 'function');
  end loop;
  return jsonb_build_object('status', 'ok');
end
$$;
comment on function public.log_job_attempt(uuid, uuid, jsonb) is 'For functions: appends lines to the job''s log.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
revoke all on function public.start_job(uuid, uuid, uuid), public.heartbeat_job(uuid, uuid, jsonb),
  public.finish_job(uuid, uuid, text, jsonb, text, interval, boolean), public.next_job(text, numeric, uuid),
  public.release_job(uuid, uuid, interval), public.save_job_step(uuid, uuid, text, jsonb),
  public.log_job_attempt(uuid, uuid, jsonb)
  from public, anon, authenticated, service_role;
grant execute on function public.start_job(uuid, uuid, uuid), public.heartbeat_job(uuid, uuid, jsonb),
  public.finish_job(uuid, uuid, text, jsonb, text, interval, boolean), public.next_job(text, numeric, uuid),
  public.release_job(uuid, uuid, interval), public.save_job_step(uuid, uuid, text, jsonb),
  public.log_job_attempt(uuid, uuid, jsonb)
  to service_role;
