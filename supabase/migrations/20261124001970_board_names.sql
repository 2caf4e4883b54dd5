-- Part 27: the board's names and recurring jobs.

-- The last thing that an operator changed about a name or a schedule: {at, by, what}, or null.
create function private.last_change(_job_name text, _subject uuid) returns jsonb
language plpgsql stable security invoker set search_path = ''
as $$
begin
  if _subject is null then
    return (select jsonb_build_object('at', a.created_at, 'by', coalesce(a.operator_email, a.operator_id::text), 'what', a.detail)
      from private.operator_action a where a.job_name = _job_name and a.action = 'name' order by a.id desc limit 1);
  end if;
  return (select jsonb_build_object('at', a.created_at, 'by', coalesce(a.operator_email, a.operator_id::text), 'what', a.detail)
    from private.operator_action a where a.subject = _subject and a.action = 'schedule' order by a.id desc limit 1);
end
$$;
comment on function private.last_change(text, uuid) is 'The last change of a name or a schedule by an operator.';

-- Names as the board shows them, with counts (up to 501) of one user's jobs or of all (null). A user sees the limits that
-- hold for her, not the operators' description, and her failed jobs are not counted by name: null.
create function private.names_as_json(_names text[], _user_id uuid) returns jsonb
language plpgsql stable security invoker set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_now timestamptz := private.now();
  v_low uuid := coalesce(_user_id, '00000000-0000-0000-0000-000000000000');
  v_high uuid := coalesce(_user_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(private.job_config_of(n.name))
      || case when _user_id is null then '{}' else '{"description": null}' end::jsonb || jsonb_build_object(
      'configured', exists (select from public.job_config c where c.job_name = n.name),
      'due', (select count(*) from (select from public.job j where j.state = 'pending' and j.next_run_at is null
        and j.job_name = n.name and j.lane between v_low and v_high order by j.lane limit 501) c),
      'delayed', (select count(*) from (select from public.job j where j.state = 'pending' and j.next_run_at is not null
        and j.job_name = n.name and j.lane between v_low and v_high order by j.lane limit 501) c),
      'running', (select count(*) from (select from public.job j where j.state = 'running'
        and j.job_name = n.name and j.lane between v_low and v_high order by j.lane limit 501) c),
      'failed', case when _user_id is null then (select count(*) from (select from public.job j
        where j.job_name = n.name and j.state = 'failed' order by j.created_at limit 501) c) end,
      'oldest_due_at', case when _user_id is null then (
          select d.created_at from (select j.created_at, j.next_run_at from public.job j
            where j.job_name = n.name and j.state = 'pending' order by j.created_at, j.id limit 1000) d
          where d.next_run_at is null order by d.created_at limit 1)
        else (select min(d.created_at) from (select j.created_at from public.job j where j.state = 'pending'
          and j.next_run_at is null and j.job_name = n.name and j.lane = _user_id
          order by j.priority desc, j.created_at, j.id limit 100) d) end,
      'lingering_until', (select l.expires_at from private.job_linger l where l.job_name = n.name and l.expires_at > v_now),
      'changed', case when _user_id is null then private.last_change(n.name, null) end) order by n.name), '[]')
    from unnest(_names) as n (name));
end
$$;
comment on function private.names_as_json(text[], uuid) is 'Names as the board shows them.';

-- The names the caller may see, with limits and counts: {names, cap, more}. Operators: all that are configured or
-- have jobs, at most 200; users: those among their newest 2,000 jobs. Raises JQ401.
create function public.board_names() returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_user_id uuid := private.visible_user();
  v_names text[];
begin
  if v_user_id is null then
    v_names := array(select n from private.names_of_jobs() n
      order by not exists (select from public.job_config c where c.job_name = n), n limit 201);
  else
    v_names := array(select distinct o.job_name from (select j.job_name from public.job j
      where j.user_id = v_user_id order by j.created_at desc limit 2000) o order by 1 limit 201);
  end if;
  return jsonb_build_object('cap', 500, 'more', cardinality(v_names) > 200,
    'names', private.names_as_json(v_names[1:200], v_user_id));
end
$$;
comment on function public.board_names() is 'The names the caller may see, with their limits and counts. Raises JQ401.';

-- Changes a name: _changes holds columns of job_config by name. Makes its row if there is none. Returns the name as
-- board_names does. For operators and servers. Raises JQ401, JQ403, JQ422.
create function public.board_set_name(_job_name text, _changes jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_unknown text;
  v_config public.job_config;
begin
  perform private.require_operator();
  if jsonb_typeof(_changes) is distinct from 'object' then
    raise exception using errcode = 'JQ422', message = 'expected the changes as an object';
  end if;
  v_unknown := (select string_agg(k, ', ') from jsonb_object_keys(_changes) k
    where k = 'job_name' or not exists (select from jsonb_object_keys(to_jsonb(private.job_config_of(''))) c where c = k));
  if v_unknown is not null then
    raise exception using errcode = 'JQ422', message = 'not a setting of a name: ' || left(v_unknown, 200);
  end if;
  insert into public.job_config (job_name) values (_job_name) on conflict do nothing;
  v_config := jsonb_populate_record(private.job_config_of(_job_name), _changes);
  update public.job_config c
  set concurrency_limit = v_config.concurrency_limit, enabled = v_config.enabled,
    global_concurrency_limit = v_config.global_concurrency_limit, max_pending = v_config.max_pending,
    lease_seconds = v_config.lease_seconds, response_timeout_seconds = v_config.response_timeout_seconds,
    backoff_seconds = v_config.backoff_seconds, backoff_max_seconds = v_config.backoff_max_seconds,
    linger_seconds = v_config.linger_seconds, rate_limit = v_config.rate_limit, rate_period = v_config.rate_period,
    keep_completed = v_config.keep_completed, keep_failed = v_config.keep_failed, description = v_config.description
  where c.job_name = _job_name;
  return private.names_as_json(array[_job_name], null) -> 0;
exception
  when check_violation or not_null_violation or data_exception then
    raise exception using errcode = 'JQ422', message = 'a setting has a wrong value: ' || sqlerrm;
end
$$;
comment on function public.board_set_name(text, jsonb) is
  'Changes settings of a name and returns it. For operators. Raises JQ401, JQ403, JQ422.';

-- A schedule as the board shows it.
create function private.schedule_as_json(_schedule public.job_schedule, _with_user boolean) returns jsonb
language plpgsql stable security invoker set search_path = ''
as $$
begin
  return to_jsonb(_schedule) || jsonb_build_object(
    'user_email', case when _with_user then (select u.email from auth.users u where u.id = _schedule.user_id) end,
    'last_job_state', (select j.state from public.job j where j.id = _schedule.last_job_id),
    'changed', case when _with_user then private.last_change(null, _schedule.id) end);
end
$$;
comment on function private.schedule_as_json(public.job_schedule, boolean) is 'A schedule as the board shows it.';

-- The recurring jobs the caller may see, those that come next first, at most 200: {schedules, more}. Raises JQ401.
create function public.board_schedules() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  v_user_id uuid := private.visible_user();
begin
  return (
    with found as (
      select s, row_number() over (order by s.enabled desc, s.next_at, s.id) as place
      from public.job_schedule s where v_user_id is null or s.user_id = v_user_id
      order by s.enabled desc, s.next_at, s.id limit 201
    )
    select jsonb_build_object('more', count(*) > 200, 'schedules', coalesce(
      jsonb_agg(private.schedule_as_json(f.s, v_user_id is null) order by f.place) filter (where f.place <= 200), '[]'))
    from found f);
end
$$;
comment on function public.board_schedules() is 'The recurring jobs the caller may see. Raises JQ401.';

-- A schedule that the caller may see, locked. Raises JQ401, JQ404.
create function private.lock_schedule(_schedule_id uuid) returns public.job_schedule
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_user_id uuid := private.visible_user();
  v_schedule public.job_schedule;
begin
  select * into v_schedule from public.job_schedule s
  where s.id = _schedule_id and (v_user_id is null or s.user_id = v_user_id) for update;
  if not found then
    raise exception using errcode = 'JQ404', message = format('you have no schedule %s', coalesce(_schedule_id::text, 'null'));
  end if;
  return v_schedule;
end
$$;
comment on function private.lock_schedule(uuid) is 'A schedule that the caller may see, locked; JQ404 if there is none.';

-- Pauses or resumes a recurring job; returns it as board_schedules does. Raises JQ401, JQ404, JQ422.
create function public.board_set_schedule(_schedule_id uuid, _enabled boolean) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_schedule public.job_schedule := private.lock_schedule(_schedule_id);
begin
  if _enabled is null then
    raise exception using errcode = 'JQ422', message = 'enabled may not be null';
  end if;
  update public.job_schedule s set enabled = _enabled where s.id = v_schedule.id returning * into v_schedule;
  return private.schedule_as_json(v_schedule, private.visible_user() is null);
end
$$;
comment on function public.board_set_schedule(uuid, boolean) is 'Pauses or resumes a recurring job. Raises JQ401, JQ404, JQ422.';

-- Queues a recurring job's job now, for its user; its next time stays. With overlap skip and its job still waiting or
-- running, that job's id is returned and nothing is queued. The job's log says who did it. Raises JQ401, JQ404, JQ429.
create function public.board_run_schedule(_schedule_id uuid) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_schedule public.job_schedule := private.lock_schedule(_schedule_id);
  v_now timestamptz := clock_timestamp();
  v_id uuid;
begin
  v_id := private.queue_job_for_user(v_schedule.user_id, v_schedule.job_name, v_schedule.request_body,
    v_schedule.max_retries, null, v_schedule.priority, case when v_schedule.overlap = 'skip' then 'schedule:' || v_schedule.id end);
  if exists (select from public.job j where j.id = v_id and j.created_at >= v_now) then
    update public.job_schedule s set last_job_id = v_id where s.id = v_schedule.id;
    perform private.log(v_id, format('Run now, from the schedule %s%s.', v_schedule.name, private.by_operator(v_schedule.user_id)));
  end if;
  return v_id;
end
$$;
comment on function public.board_run_schedule(uuid) is 'Queues a recurring job''s job now; returns its id. Raises JQ401, JQ404, JQ429.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
revoke all on function public.board_names(), public.board_set_name(text, jsonb), public.board_schedules(),
  public.board_set_schedule(uuid, boolean), public.board_run_schedule(uuid) from public, anon, authenticated, service_role;
grant execute on function public.board_names(), public.board_set_name(text, jsonb), public.board_schedules(),
  public.board_set_schedule(uuid, boolean), public.board_run_schedule(uuid) to anon, authenticated, service_role;
