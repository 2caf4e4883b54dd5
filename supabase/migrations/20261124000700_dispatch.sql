-- Part 7: dispatch. Who may run is decided here and nowhere else: run_jobs (the tick), ring_at_commit
-- (at enqueue) claim through claim_lanes, hand_over (at finish) through claim_one, which must say the same.
--
-- Limits are exact, because a lane's running jobs grow only under the lane's lock, counted by a statement
-- that starts after the lock is held; a name's limits likewise under the name's lock. The one exception
-- needs no lock: a finishing attempt that takes the next job of its own lane ends one and starts one in
-- the same transaction.

create function private.lane_lock(_job_name text, _lane uuid) returns bigint
language plpgsql immutable security invoker set search_path = ''
as $$ begin return hashtextextended(_job_name || '/' || _lane::text, 7501); end $$;
comment on function private.lane_lock(text, uuid) is 'Key of a lane''s advisory lock.';

create function private.name_lock(_job_name text) returns bigint
language plpgsql immutable security invoker set search_path = ''
as $$ begin return hashtextextended(_job_name, 7502); end $$;
comment on function private.name_lock(text) is 'Key of the advisory lock of a name with limits over all users.';

-- Takes a lock of a lane (_rank 1) or a name (_rank 2) until the end of the transaction; false if it is not to
-- be had. It is waited for only while the transaction holds no lock of the same or a higher rank: then nobody
-- can wait in a circle. private.held keeps the highest rank.
create function private.hold(_key bigint, _rank integer, _wait boolean default true) returns boolean
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_held text := coalesce(current_setting('private.held', true), '');
begin
  if _wait and v_held < _rank::text then
    perform pg_advisory_xact_lock(_key);
  elsif not pg_try_advisory_xact_lock(_key) then
    return false;
  end if;
  if v_held < _rank::text then
    perform set_config('private.held', _rank::text, true);
  end if;
  return true;
end
$$;
comment on function private.hold(bigint, integer, boolean) is 'Takes a lock of the engine, waiting only where that cannot deadlock.';

-- POSTs one ring to the job's function through pg_net and returns pg_net's request id. The URL is always
-- /functions/v1/<job name>: job_name's constraint leaves no room for anything else.
create function private.run_job(
  _job_id uuid, _job_name text, _request_body jsonb, _user_id uuid, _attempt integer, _token uuid,
  _timeout_seconds integer, _signer private.signer default private.signer()
) returns bigint
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  return (
    select net.http_post(
      url := _signer.base_url || '/functions/v1/' || _job_name,
      body := _request_body,
      headers := jsonb_build_object('Content-Type', 'application/json',
        'Authorization', private.job_authorization(_user_id, _signer), 'X-Job', 'true', 'X-Correlation-ID', _job_id,
        'X-Job-Attempt', _attempt::text, 'X-Job-Token', _token),
      timeout_milliseconds := _timeout_seconds * 1000)
  );
end
$$;
comment on function private.run_job(uuid, text, jsonb, uuid, integer, uuid, integer, private.signer) is
  'Rings the job''s function with the user''s token, X-Job and X-Correlation-ID; returns pg_net''s request id.';

-- The life of pg_net's tables that a ring made now belongs to; begins a new one after a crash.
create function private.current_net_life() returns uuid
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_id uuid := (select n.id from private.net_life n);
begin
  if v_id is null then
    insert into private.net_life default values on conflict do nothing;
    v_id := (select n.id from private.net_life n);
  end if;
  return v_id;
end
$$;
comment on function private.current_net_life() is 'Which life of pg_net''s unlogged tables this is.';

-- How many more rings fit into one batch of pg_net (200): those in flight are unanswered and not
-- started.
create function private.ring_budget() returns integer
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  return (
    select 200 - count(*)::integer from (
      select from private.job_attempt a
      where a.request_id is not null and a.responded_at is null and a.started_at is null and a.finished_at is null
      limit 200) in_flight
  );
end
$$;
comment on function private.ring_budget() is 'How many more jobs may be rung now.';

-- The same for one name. Anyone may make up names: those without a row in job_config leave 50 rings to the others.
create function private.ring_budget_of(_job_name text) returns integer
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  return private.ring_budget()
    - case when exists (select from public.job_config c where c.job_name = _job_name) then 0 else 50 end;
end
$$;
comment on function private.ring_budget_of(text) is 'How many more jobs of this name may be rung now.';

-- Free slots of a name that has a limit over all users, under its lock.
create function private.name_slots(_config public.job_config, _now timestamptz) returns integer
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_since timestamptz := _now - _config.rate_period;
begin
  delete from private.job_start s where s.job_name = _config.job_name and s.started_at <= v_since;
  return least(
    _config.global_concurrency_limit - (select count(*) from public.job j
      where j.state = 'running' and j.job_name = _config.job_name),
    _config.rate_limit - (select count(*) from private.job_start s where s.job_name = _config.job_name));
end
$$;
comment on function private.name_slots(public.job_config, timestamptz) is
  'Jobs of this name that may still start by global_concurrency_limit and rate_limit.';

-- True if a lane has a free slot and a user who may act: neither banned nor deleted. A look without locks.
create function private.lane_is_open(_config public.job_config, _lane uuid) returns boolean
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  return (select count(*) from (select from public.job j
      where j.state = 'running' and j.job_name = _config.job_name and j.lane = _lane
      limit _config.concurrency_limit) running) < _config.concurrency_limit
    and not exists (select from auth.users u where u.id = _lane and (u.deleted_at is not null
      or (u.banned_until is not null and u.banned_until > private.now())));
end
$$;
comment on function private.lane_is_open(public.job_config, uuid) is 'Whether a lane has a free slot and a user who may act.';

-- Lanes of a name that have a due job, a free slot and a user who may act (ready), in the order of the
-- round: those after _after first, then from the start. At most _max of at most _looks looked at; the last one
-- looked at is returned even if it is not ready: the round goes on behind it. A look without locks: claim_lanes
-- decides.
create function private.waiting_lanes(_config public.job_config, _after uuid, _max integer, _looks integer)
returns table (lane uuid, ready boolean)
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  return query
  with recursive round (lane, wrapped, step) as (
    select _after, false, 0
    union all
    select coalesce(following.lane, first.lane), r.wrapped or following.lane is null, r.step + 1
    from round r
    left join lateral (
      select j.lane from public.job j
      where j.state = 'pending' and j.next_run_at is null and j.job_name = _config.job_name and j.lane > r.lane
      order by j.lane limit 1) following on true
    left join lateral (
      select j.lane from public.job j
      where following.lane is null and not r.wrapped
        and j.state = 'pending' and j.next_run_at is null and j.job_name = _config.job_name
      order by j.lane limit 1) first on true
    where r.step < _looks and coalesce(following.lane, first.lane) is not null
      and (not (r.wrapped or following.lane is null) or coalesce(following.lane, first.lane) <= _after)
  )
  select r.lane, look.ready
  from round r
  -- The condition of lane_is_open, written out: a call for each lane costs ten times the look.
  cross join lateral (select
    (select count(*) from (select from public.job j
      where j.state = 'running' and j.job_name = _config.job_name and j.lane = r.lane
      limit _config.concurrency_limit) running) < _config.concurrency_limit
    and not exists (select from auth.users u where u.id = r.lane
      and (u.deleted_at is not null or (u.banned_until is not null and u.banned_until > private.now())))) look (ready)
  where r.step > 0 and (look.ready or r.step = _looks)
  limit _max;
end
$$;
comment on function private.waiting_lanes(public.job_config, uuid, integer, integer) is
  'Lanes of a name worth trying next, in the order of the round.';

-- Claims due jobs of these lanes: pending -> running with a new attempt, and rings them if asked.
-- The caller holds the locks of the lanes (or, for its own lane, a slot). Takes at most _limit jobs in all
-- and _per_lane of each lane, oldest first; returns the new attempts. A transaction with one snapshot for all
-- its statements would count slots of the past: it claims nothing, and leaves its jobs to the tick.
create function private.claim_lanes(
  _config public.job_config, _lanes uuid[], _limit integer, _per_lane integer, _ring boolean
) returns setof private.job_attempt
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_limit integer := _limit;
  v_signer private.signer;
  v_net_life uuid;
begin
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    return;
  end if;
  if _config.global_concurrency_limit is not null or _config.rate_limit is not null then
    if not private.hold(private.name_lock(_config.job_name), 2) then
      return;
    end if;
    v_now := private.now();
    v_limit := least(v_limit, private.name_slots(_config, v_now));
  end if;
  if v_limit < 1 then
    return;
  end if;
  if _ring then
    v_signer := private.signer();
    v_net_life := private.current_net_life();
  end if;
  return query
  with slots as (
    select l.lane, least(_per_lane, _config.concurrency_limit - (select count(*) from public.job r
      where r.state = 'running' and r.job_name = _config.job_name and r.lane = l.lane)) as free
    from unnest(_lanes) as l (lane)
  ), chosen as (
    select w.id from slots s cross join lateral (
      select j.id from public.job j
      where j.state = 'pending' and j.next_run_at is null and j.job_name = _config.job_name and j.lane = s.lane
        -- Counted, not sought: `not exists` may be planned as a join that reads every live attempt.
        and (select count(*) from private.job_attempt a where a.job_id = j.id and a.finished_at is null) = 0
      order by j.priority desc, j.created_at, j.id
      limit greatest(s.free, 0) for update skip locked) w
    limit v_limit
  ), claimed as (
    update public.job j
    set state = 'running', attempt = j.attempt + 1, locked_at = v_now, last_run_at = v_now, updated_at = v_now
    from chosen c where j.id = c.id
    returning j.id, j.user_id, j.request_body, j.attempt, gen_random_uuid() as token
  ), logged as (
    insert into public.job_logs (job_id, log_message, created_at)
    select c.id, format('Attempt %s: rung.', c.attempt), v_now from claimed c where _ring
  ), counted as (
    insert into private.job_start (job_name, started_at)
    select _config.job_name, v_now from claimed where _config.rate_limit is not null
  )
  insert into private.job_attempt (job_id, attempt, token, rung_at, started_at, net_life, lease_expires_at,
    request_id)
  select c.id, c.attempt, c.token, v_now, case when not _ring then v_now end, v_net_life,
    v_now + make_interval(secs => _config.lease_seconds
      + case when _ring then _config.response_timeout_seconds else 0 end),
    case when _ring then private.run_job(c.id, _config.job_name, c.request_body, c.user_id, c.attempt, c.token,
      _config.response_timeout_seconds, v_signer) end
  from claimed c
  returning *;
end
$$;
comment on function private.claim_lanes(public.job_config, uuid[], integer, integer, boolean) is
  'Moves due jobs of locked lanes to running within all limits, and rings them if asked.';

-- Rings due jobs of a name, round-robin over its lanes from behind _after, _quota at most. Lanes whose lock is
-- taken are passed over. Returns how many, and the last lane of this round: it got a job, or none of those looked at
-- could get one.
create function private.ring_name(
  _config public.job_config, _after uuid, _quota integer, out _rung integer, out _last uuid
) language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_lanes uuid[];
  v_locked uuid[];
begin
  _rung := 0;
  select coalesce(array_agg(l.lane order by l.place) filter (where l.ready), '{}'),
    (array_agg(l.lane order by l.place desc))[1]
  into v_lanes, _last
  from private.waiting_lanes(_config, _after, _quota, 1000) with ordinality as l (lane, ready, place);
  if cardinality(v_lanes) = 0 then
    return;
  end if;
  v_locked := array(select l from unnest(v_lanes) l
    where pg_try_advisory_xact_lock(private.lane_lock(_config.job_name, l)));
  select count(*), (array_agg(j.lane order by array_position(v_lanes, j.lane) desc))[1]
  into _rung, _last
  from private.claim_lanes(_config, v_locked, _quota, greatest(1, _quota / cardinality(v_lanes)), true) a
  join public.job j on j.id = a.job_id;
end
$$;
comment on function private.ring_name(public.job_config, uuid, integer) is
  'Rings due jobs of a name, round-robin over its lanes.';

-- The tick, called by pg_cron without arguments: promotes delayed jobs whose time has come and rings due
-- ones, round-robin over the lanes of each name, as many as fit one batch of pg_net. The round goes on behind
-- the last lane that got a job, or behind those that could get none. Returns how many; 0 at once while another
-- run is at it.
create function private.run_jobs() returns integer
language plpgsql volatile security invoker set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_now timestamptz := private.now();
  v_problem text := private.setup_problem();
  v_budget integer;
  v_names text[];
  v_shares integer;
  v_config public.job_config;
  v_quota integer;
  v_last uuid;
  v_rung integer;
  v_total integer := 0;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('private.run_jobs', 7503)) then
    return 0;
  end if;
  perform set_config('private.held', '2', true);
  update private.dispatcher d set last_run_at = v_now where d.only_row;
  update public.job j set next_run_at = null, updated_at = v_now
  where j.id in (select d.id from public.job d
    where d.state = 'pending' and d.next_run_at is not null and d.next_run_at <= v_now
    order by d.next_run_at limit 2000 for update skip locked);
  if v_problem is not null then
    perform private.report_setup_problem(v_problem);
    return 0;
  end if;

  v_budget := private.ring_budget();
  v_names := private.names_to_ring();
  -- All the names without a row have one share together.
  v_shares := (select least(count(*) + 1, cardinality(v_names)) from public.job_config c where c.job_name = any (v_names));
  for v_place in 1..cardinality(v_names) loop
    exit when v_budget < 1;
    begin
      v_config := private.job_config_of(v_names[v_place]);
      continue when not v_config.enabled;
      v_quota := ceil(v_budget::numeric / greatest(1, v_shares - v_place + 1));
      if not exists (select from public.job_config c where c.job_name = v_names[v_place]) then
        exit when v_budget <= 50;
        v_quota := ceil((v_budget - 50)::numeric / (cardinality(v_names) - v_place + 1));
        update private.dispatcher d set last_name = v_names[v_place] where d.only_row;
      end if;
      select r._rung, r._last into v_rung, v_last from private.ring_name(v_config, coalesce(
        (select c.lane from private.lane_cursor c where c.job_name = v_config.job_name),
        '00000000-0000-0000-0000-000000000000'), v_quota) r;
      insert into private.lane_cursor as c (job_name, lane)
      select v_config.job_name, v_last where v_last is not null
      on conflict (job_name) do update set lane = excluded.lane where c.lane <> excluded.lane;
      v_budget := v_budget - v_rung;
      v_total := v_total + v_rung;
    exception when others then
      raise warning 'run_jobs: %: %', v_names[v_place], sqlerrm;
    end;
  end loop;
  return v_total;
end
$$;
comment on function private.run_jobs() is 'The tick: promotes delayed jobs and rings due ones. Returns how many it rang.';

-- Up to _max names that have a due job, found by skipping through the index: those after _after, in order.
create function private.due_names(_after text, _max integer) returns setof text
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  return query
  with recursive names (name, place) as (
    select _after, 0
    union all
    select (select j.job_name from public.job j where j.state = 'pending' and j.next_run_at is null
      and j.job_name > n.name order by j.job_name limit 1), n.place + 1
    from names n where n.name is not null and n.place < _max
  )
  select n.name from names n where n.name is not null and n.place > 0;
end
$$;
comment on function private.due_names(text, integer) is 'Names after the given one that have a due job, at most so many.';

-- Names with a due job in the order in which a tick rings them: those with a row in job_config, each time in
-- another order; then up to 1,000 of the others, going on where the last tick stopped: however many names
-- somebody makes up, a tick costs no more and every name has its turn.
create function private.names_to_ring() returns text[]
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_last text := (select d.last_name from private.dispatcher d);
  v_names text[] := array(select c.job_name from public.job_config c
    where c.enabled and exists (select from public.job j where j.state = 'pending' and j.next_run_at is null and j.job_name = c.job_name)
    order by random());
begin
  return v_names || array(
    select n.name from (
      select d.name, 0 as lap, d.place from private.due_names(v_last, 1000) with ordinality d (name, place)
      union all
      select d.name, 1, d.place from private.due_names('', 1000) with ordinality d (name, place) where d.name <= v_last
    ) n
    where not exists (select from public.job_config c where c.job_name = n.name)
    order by n.lap, n.place limit 1000);
end
$$;
comment on function private.names_to_ring() is 'Names with a due job, in the order in which a tick rings them.';

-- Says once, in the log of the oldest due job of each name, why nothing runs.
create function private.report_setup_problem(_problem text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  raise warning 'jobs wait: %', _problem;
  insert into public.job_logs (job_id, log_message, log_level, created_at)
  select oldest.id, 'Waiting: ' || _problem || '.', 'ERROR', private.now()
  from unnest(private.names_to_ring()) n
  cross join lateral (select j.id from public.job j
    where j.state = 'pending' and j.next_run_at is null and j.job_name = n
    order by j.lane, j.priority desc, j.created_at, j.id limit 1) oldest
  where not exists (select from public.job_logs l
    where l.job_id = oldest.id and l.log_message = 'Waiting: ' || _problem || '.');
end
$$;
comment on function private.report_setup_problem(text) is 'Logs what is missing, once per waiting name.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
