-- Part 8: ringing at enqueue. A deferred constraint trigger runs when the client commits: so a client's
-- open transaction holds no lock of the engine, and what is rolled back rings nothing.
-- It waits for a lock only while it holds none (the first lane of a transaction), so it cannot deadlock;
-- whoever holds a lane's lock is about to commit.

-- Rings the job's lane if a slot is free. Never makes the client's commit fail: the tick is the safety net.
create function private.ring_at_commit() returns trigger
language plpgsql volatile security definer set search_path = ''
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  v_key text := new.job_name || '/' || new.lane || ';';
  v_done text := coalesce(current_setting('private.rung_lanes', true), '');
  v_config public.job_config;
begin
  if v_done = 'enough' or strpos(v_done, v_key) > 0 then
    return null;
  end if;
  v_config := private.job_config_of(new.job_name);
  if v_done = '' and v_config.enabled then
    perform pg_advisory_xact_lock(private.lane_lock(new.job_name, new.lane));
  elsif not v_config.enabled or not pg_try_advisory_xact_lock(private.lane_lock(new.job_name, new.lane)) then
    return null;
  end if;
  if private.ring_budget() < 1 then
    perform set_config('private.rung_lanes', 'enough', true);
    return null;
  end if;
  perform set_config('private.rung_lanes', v_done || v_key, true);
  if exists (select from private.job_linger l where l.job_name = new.job_name and l.expires_at > private.now())
    or exists (select from auth.users u where u.id = new.user_id
      and (u.deleted_at is not null or (u.banned_until is not null and u.banned_until > private.now())))
    or private.setup_problem() is not null
  then
    return null;
  end if;
  perform private.claim_lanes(v_config, array[new.lane], private.ring_budget(), 200, true);
  return null;
exception when others then
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
