-- Part 24: what waits and why, what fails, and board_overview, which puts the overview together.

-- What waits and runs now, of one user or of all (null): counts up to 10,001 and the oldest due job. The oldest is
-- looked for among the 1,000 oldest pending jobs of each name; a user's among the 100 next of each of her lanes. One of a
-- paused name is only named if there is no other.
create function private.board_now(_user_id uuid, out counts jsonb, out oldest public.job)
language plpgsql stable security invoker set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_names text[] := array(select private.names_of_jobs());
  v_paused text[] := array(select c.job_name from public.job_config c where not c.enabled);
begin
  if _user_id is null then
    counts := jsonb_build_object('cap', 10000,
      'due', (select count(*) from (select from public.job j where j.state = 'pending' and j.next_run_at is null limit 10001) c),
      'delayed', (select count(*) from (select from public.job j where j.state = 'pending' and j.next_run_at is not null limit 10001) c),
      'running', (select count(*) from (select from public.job j where j.state = 'running' limit 10001) c));
    select o.* into oldest from unnest(v_names) as n (name) cross join lateral (
      select d.* from (select * from public.job j where j.job_name = n.name and j.state = 'pending'
        order by j.created_at, j.id limit 1000) d
      where d.next_run_at is null order by d.created_at, d.id limit 1) o
    order by o.job_name = any (v_paused), o.created_at, o.id limit 1;
    return;
  end if;
  counts := jsonb_build_object('cap', 10000,
    'due', (select count(*) from (select from unnest(v_names) as n (name) join public.job j on j.job_name = n.name
      and j.lane = _user_id and j.state = 'pending' and j.next_run_at is null limit 10001) c),
    'delayed', (select count(*) from (select from unnest(v_names) as n (name) join public.job j on j.job_name = n.name
      and j.lane = _user_id and j.state = 'pending' and j.next_run_at is not null limit 10001) c),
    'running', (select count(*) from (select from unnest(v_names) as n (name) join public.job j on j.job_name = n.name
      and j.lane = _user_id and j.state = 'running' limit 10001) c));
  select o.* into oldest from unnest(v_names) as n (name) cross join lateral (
    select * from public.job j where j.job_name = n.name and j.lane = _user_id and j.state = 'pending' and j.next_run_at is null
    order by j.priority desc, j.created_at, j.id limit 100) o
  order by o.job_name = any (v_paused), o.created_at, o.id limit 1;
end
$$;
comment on function private.board_now(uuid) is 'What waits and runs now, of a user or of all, and the oldest due job.';

-- Lanes whose slots are all taken while something is due, oldest first, at most 20 (of the 2,000 jobs that run longest
-- in the index's order).
create function private.full_lanes(_user_id uuid, _with_user boolean) returns jsonb
language plpgsql stable security invoker set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
begin
  return (
    with running as (
      select r.job_name, r.lane, count(*) as jobs
      from (select j.job_name, j.lane from public.job j
        where j.state = 'running' and (_user_id is null or j.user_id = _user_id) limit 2000) r
      group by r.job_name, r.lane
    ), full_lanes as (
      select r.*, coalesce(c.concurrency_limit, 1) as slots, d.oldest_due_at
      from running r
      left join public.job_config c on c.job_name = r.job_name
      cross join lateral (select min(w.created_at) as oldest_due_at from (select j.created_at from public.job j
        where j.state = 'pending' and j.next_run_at is null and j.job_name = r.job_name and j.lane = r.lane
        order by j.priority desc, j.created_at, j.id limit 100) w) d
      where r.jobs >= coalesce(c.concurrency_limit, 1) and d.oldest_due_at is not null
      order by d.oldest_due_at limit 20
    )
    select coalesce(jsonb_agg(jsonb_build_object('job_name', f.job_name, 'user_id', u.user_id,
      'user_email', case when _with_user then (select a.email from auth.users a where a.id = u.user_id) end,
      'running', f.jobs, 'limit', f.slots, 'due', least(d.jobs, 1000), 'due_capped', d.jobs > 1000,
      'oldest_due_at', f.oldest_due_at) order by f.oldest_due_at), '[]')
    from full_lanes f
    cross join lateral (select nullif(f.lane, 'ffffffff-ffff-ffff-ffff-ffffffffffff') as user_id) u
    cross join lateral (select count(*) as jobs from (select from public.job j
      where j.state = 'pending' and j.next_run_at is null and j.job_name = f.job_name and j.lane = f.lane limit 1001) w) d);
end
$$;
comment on function private.full_lanes(uuid, boolean) is 'Lanes that are full while something is due, oldest first.';

-- The names with the most failed jobs since _from and the most frequent error among the newest 50 of each. Numbers
-- within errors do not tell them apart. A user's: among her newest 2,000 jobs.
create function private.failing_names(_user_id uuid, _period integer, _from timestamptz) returns jsonb
language plpgsql stable security invoker set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
begin
  return (
    with names as (
      select f.job_name, sum(f.failed) as failed from private.flow_since(null, _period, _from) f
      where _user_id is null and f.failed > 0 group by f.job_name order by 2 desc, 1 limit 10
    ), failures as (
      select n.job_name, n.failed, e.* from names n cross join lateral (
        select j.id, j.finished_at, j.last_error from public.job j
        where j.job_name = n.job_name and j.state = 'failed' and j.finished_at is not null and j.finished_at >= _from
        order by j.finished_at desc limit 50) e
      union all
      select o.job_name, count(*) over (partition by o.job_name), o.id, o.finished_at, o.last_error
      from (select * from public.job j where j.user_id = _user_id and j.created_at >= _from
        order by j.created_at desc limit 2000) o
      where o.state = 'failed'
    ), errors as (
      select f.job_name, f.failed, count(*) as jobs, max(f.finished_at) as last_at,
        sum(count(*)) over (partition by f.job_name) as looked_at, max(max(f.finished_at)) over (partition by f.job_name) as last_failed_at,
        (array_agg(f.last_error order by f.finished_at desc))[1] as error, (array_agg(f.id order by f.finished_at desc))[1] as id,
        row_number() over (partition by f.job_name order by count(*) desc, max(f.finished_at) desc) as rank
      from failures f
      group by f.job_name, f.failed, translate(left(f.last_error, 200), '0123456789', '##########')
    )
    select coalesce(jsonb_agg(jsonb_build_object('job_name', e.job_name, 'failed', greatest(e.failed, e.looked_at),
      'last_failed_at', e.last_failed_at, 'top_error', left(e.error, 500), 'top_error_jobs', e.jobs, 'of', e.looked_at,
      'job_id', e.id) order by e.failed desc, e.job_name), '[]')
    from (select * from errors r where r.rank = 1 order by r.failed desc, r.job_name limit 10) e);
end
$$;
comment on function private.failing_names(uuid, integer, timestamptz) is 'Names with failed jobs, most first, with their top error.';

-- The health strip: {ok, checks: [{name, ok, text, at}]}. _all: also pg_net, which is not of one user. That everything due
-- is of a paused name is said, and is well.
create function private.board_health(_all boolean, _counts jsonb, _oldest public.job) returns jsonb
language plpgsql stable security invoker set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_last timestamptz := (select d.last_run_at from private.dispatcher d);
  v_problem text := private.setup_problem();
  v_queued integer := (select count(*) from (select from net.http_request_queue q limit 1001) c);
  v_silent boolean;
  v_idle boolean := (_counts ->> 'due')::integer > 0 and (_counts ->> 'running')::integer = 0;
  v_config public.job_config := private.job_config_of(_oldest.job_name);
  v_why text;
  v_checks jsonb;
begin
  v_silent := v_queued > 0 and exists (
    select from (select a.request_id, a.rung_at from private.job_attempt a
      where a.request_id is not null and a.responded_at is null and a.finished_at is null limit 1000) a
    where a.rung_at < v_now - interval '3 minutes' and exists (select from net.http_request_queue q where q.id = a.request_id));
  v_why := case when not v_idle then null when v_last > v_now - interval '1 minute' then private.explain_waiting(_oldest)
    else 'the dispatcher does not run' end;
  v_checks := jsonb_build_array(
    jsonb_build_object('name', 'dispatcher', 'ok', coalesce(v_last > v_now - interval '1 minute', false), 'at', v_last,
      'text', case when v_last is null then 'the dispatcher has never run: is pg_cron up?'
        when v_last > v_now - interval '1 minute' then format('the dispatcher ran %s s ago', greatest(0, round(extract(epoch from v_now - v_last))))
        else 'the dispatcher has not run for ' || date_trunc('second', v_now - v_last) || ': is pg_cron up?' end),
    jsonb_build_object('name', 'setup', 'ok', v_problem is null, 'text', coalesce(v_problem, 'the Vault has what jobs need')))
    || case when _all then jsonb_build_array(jsonb_build_object('name', 'pg_net', 'ok', not v_silent, 'text',
      case when v_silent then 'pg_net has not sent a ring for 3 minutes: is its worker up? select net.worker_restart()'
        when v_queued = 0 then 'pg_net has nothing to send'
        else format('pg_net has %s requests to send', case when v_queued > 1000 then 'more than 1000' else v_queued::text end) end)) else '[]' end
    || jsonb_build_array(jsonb_build_object('name', 'draining',
      'ok', not v_idle or not v_config.enabled or (v_why like 'due:%' and _oldest.created_at > v_now - interval '30 seconds'),
      'text', case when (_counts ->> 'due')::integer = 0 then 'nothing is due'
        else format('%s due, %s running', _counts ->> 'due', _counts ->> 'running') end || coalesce(': ' || regexp_replace(v_why, '^(waiting|due): ', ''), '')));
  return jsonb_build_object('ok', not jsonb_path_exists(v_checks, '$[*] ? (@.ok == false)'), 'checks', v_checks);
end
$$;
comment on function private.board_health(boolean, jsonb, public.job) is 'The board''s health strip, in words.';

-- The overview of a span: hour, day or week. Returns the flow per name, pick-up times, what waits and runs, the oldest
-- due job, full lanes, failing names and the health strip. Raises JQ401, JQ422. Called by signed-in users and servers.
create function public.board_overview(_span text default 'hour') returns json
language plpgsql stable security definer set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_now timestamptz := private.now();
  v_user_id uuid := private.visible_user();
  v_all boolean := v_user_id is null;
  v_period integer := case _span when 'hour' then 60 when 'day' then 900 when 'week' then 3600 end;
  v_from timestamptz;
  v_flow record;
  v_state record;
begin
  if v_period is null then
    raise exception using errcode = 'JQ422', message = 'expected the span hour, day or week';
  end if;
  v_from := date_bin(make_interval(secs => v_period), v_now - ('1 ' || _span)::interval, 'epoch');
  v_state := private.board_now(v_user_id);
  v_flow := private.flow_as_json(v_user_id, v_period, v_from, v_now);
  return json_build_object(
    'times', v_flow.times, 'names', v_flow.names, 'totals', v_flow.totals, 'pick_up', v_flow.pick_up,
    'scope', case when v_all then 'all' else 'own' end, 'span', _span, 'at', v_now, 'bucket_seconds', v_period,
    'counted_until', case when v_all then (select c.until from private.job_flow_counted c) else v_now end,
    'partial', not v_all and exists (select from public.job j where j.user_id = v_user_id and j.created_at >= v_from
      order by j.created_at desc offset 2000 limit 1),
    'now', v_state.counts, 'full_lanes', private.full_lanes(v_user_id, v_all),
    'failing', private.failing_names(v_user_id, v_period, v_from),
    'oldest_due', case when (v_state.oldest).id is not null then (
      select jsonb_object_agg(o.key, o.value) from jsonb_each(private.job_as_json(v_state.oldest, v_all)) o
      where o.key in ('id', 'job_name', 'user_id', 'user_email', 'created_at')) end,
    'health', private.board_health(v_all, v_state.counts, v_state.oldest));
end
$$;
comment on function public.board_overview(text) is
  'Flow, pick-up, what waits, full lanes, failing names and health over an hour, a day or a week. Raises JQ401, JQ422.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
revoke all on function public.board_overview(text) from public, anon, authenticated, service_role;
grant execute on function public.board_overview(text) to anon, authenticated, service_role;
