-- Part 8: ringing at enqueue. A deferred constraint trigger runs when the client commits: so a client's
-- open transaction holds no lock of the engine, and what is rolled back rings nothing.
-- It waits for a lock only where that cannot deadlock (private.hold), and for a second at most: whoever holds a
-- lane's lock is about to commit.

-- Whether jobs of a name are rung when they are queued: not if it is disabled, if a function lingers, which will
-- ask, or if nothing can be rung.
create function private.rings_at_once(_config public.job_config) returns boolean
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  return _config.enabled and private.setup_problem() is null and not exists (
    select from private.job_linger l where l.job_name = _config.job_name and l.expires_at > private.now());
end
$$;
comment on function private.rings_at_once(public.job_config) is 'Whether jobs of a name are rung when they are queued.';

-- Rings a lane as far as it has free slots and the budget goes. The caller holds the lane's lock.
create function private.ring_lane(_config public.job_config, _lane uuid) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  if private.rings_at_once(_config) and private.lane_is_open(_config, _lane) then
    perform private.claim_lanes(_config, array[_lane], private.ring_budget_of(_config.job_name), 200, true);
  end if;
end
$$;
comment on function private.ring_lane(public.job_config, uuid) is 'Rings due jobs of a locked lane at once.';

-- Rings the next job of a lane whose slot an attempt has given up without taking another job. Never fails.
create function private.fill_slot(_job_name text, _lane uuid) returns void
language plpgsql volatile security invoker set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_config public.job_config := private.job_config_of(_job_name);
begin
  if v_config.enabled and private.hold(private.lane_lock(_job_name, _lane), 1) then
    perform private.ring_lane(v_config, _lane);
  end if;
exception when others then
  raise warning 'a slot of % was not filled at once, the next tick will: %', _job_name, sqlerrm;
end
$$;
comment on function private.fill_slot(text, uuid) is 'Rings the next job of a lane whose slot has become free.';

-- Whether a lane has no slot to give, and stays so until whoever frees one sees what this transaction has queued:
-- he waits for the shared lock, which is waited for here until he has committed. Those who queue into a full lane do
-- not wait for each other. If a slot has become free meanwhile, the shared lock is given back.
create function private.lane_is_full(_config public.job_config, _lane uuid) returns boolean
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_key bigint := private.lane_lock(_config.job_name, _lane);
begin
  if private.lane_is_open(_config, _lane) then
    return false;
  elsif coalesce(current_setting('private.held', true), '') = '' then
    perform pg_advisory_xact_lock_shared(v_key);
  elsif not pg_try_advisory_xact_lock_shared(v_key) then
    return true;
  end if;
  if private.lane_is_open(_config, _lane) then
    raise exception using errcode = 'JQ000', message = 'a slot has become free';
  end if;
  perform set_config('private.held', greatest(current_setting('private.held', true), '1'), true);
  return true;
exception when sqlstate 'JQ000' then
  return false;
end
$$;
comment on function private.lane_is_full(public.job_config, uuid) is
  'Whether a lane has no free slot; if so, whoever frees one waits for this transaction.';

-- Rings the job's lane if a slot is free; from the fourth lane of a name on, all lanes of the name together. Never
-- makes the client's commit fail: the tick is the safety net. private.rung_lanes keeps what this transaction has rung.
create function private.ring_at_commit() returns trigger
language plpgsql volatile security definer set search_path = '' set lock_timeout = '1s'
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_rung text := coalesce(current_setting('private.rung_lanes', true), '');
  v_key text := new.job_name || '/' || new.lane || ';';
  v_all text := new.job_name || '/*;';
  v_config public.job_config;
begin
  if v_rung = 'enough' or strpos(v_rung, v_all) > 0 or strpos(v_rung, v_key) > 0 then
    return null;
  elsif private.ring_budget() < 1 or length(v_rung) > 16384 then
    perform set_config('private.rung_lanes', 'enough', true);
    return null;
  end if;
  v_config := private.job_config_of(new.job_name);
  if regexp_count(v_rung, '(^|;)' || new.job_name || '/') >= 3 then
    v_key := v_all;
    if private.rings_at_once(v_config) then
      perform private.ring_name(v_config, new.lane, private.ring_budget_of(new.job_name));
    end if;
  elsif private.rings_at_once(v_config) and not private.lane_is_full(v_config, new.lane)
    and private.hold(private.lane_lock(new.job_name, new.lane), 1)
  then
    perform private.ring_lane(v_config, new.lane);
  end if;
  perform set_config('private.rung_lanes', v_rung || v_key, true);
  return null;
exception when others then
  perform set_config('private.rung_lanes', v_rung || v_key, true);
  raise warning 'job % was not rung at once, the next tick will: %', new.id, sqlerrm;
  return null;
end
$$;
comment on function private.ring_at_commit() is 'Rings the lane of a new or again due job when its transaction commits.';

create constraint trigger job_ring_at_commit after insert or update of state on public.job
  deferrable initially deferred
  for each row when (new.state = 'pending' and new.next_run_at is null)
  execute function private.ring_at_commit();

revoke all on all functions in schema private from public, anon, authenticated, service_role;
