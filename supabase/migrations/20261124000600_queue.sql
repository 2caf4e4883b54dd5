-- Part 6: queueing. queue_job, queue_jobs, private.queue_job_for_user.
-- Errors: JQ401 signed out, JQ403 another user's, JQ404 no such user or job, JQ409 wrong state,
-- JQ413 too large, JQ422 wrong argument, JQ429 too many waiting, JQ500 not set up.

-- The user for whom the caller acts; null for roles that bypass RLS (postgres, service_role) without a
-- user's claims. Raises JQ401 for everybody else who is not signed in.
create function private.caller() returns uuid
language plpgsql stable security invoker set search_path = ''
as $$
declare
  v_user_id uuid := auth.uid();
  v_role text := coalesce(nullif(current_setting('role', true), 'none'), session_user);
begin
  if v_user_id is not null
    or (select r.rolbypassrls or r.rolsuper from pg_catalog.pg_roles r where r.rolname = v_role)
  then
    return v_user_id;
  end if;
  raise exception using errcode = 'JQ401', message = 'you are not signed in',
    hint = 'Jobs belong to a user: call this with the user''s access token.';
end
$$;
comment on function private.caller() is 'The calling user''s id; null for servers; JQ401 if signed out.';

-- What may be written into a job, whoever writes it; raises JQ413 or JQ422. Security definer: users may not
-- call private.now().
create function private.before_job_write() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.state <> old.state then
    return new;
  elsif new.job_name !~ '^[a-zA-Z][a-zA-Z0-9_-]{0,127}$' then
    raise exception using errcode = 'JQ422',
      message = format('%L is not a job name', left(new.job_name, 200)),
      hint = 'A job''s name is the name of an Edge Function: a letter, then up to 127 letters, digits, - or _.';
  elsif new.max_retries not between 1 and 100 or new.max_retries < new.retries then
    raise exception using errcode = 'JQ422', message = format('max_retries is %s, expected %s to 100',
      new.max_retries, greatest(1, new.retries));
  elsif octet_length(new.request_body::text) > 1048576 then
    raise exception using errcode = 'JQ413',
      message = format('request_body is %s bytes, at most 1048576 are allowed', octet_length(new.request_body::text)),
      hint = 'Put large data into a table or Storage and queue its key.';
  elsif char_length(new.unique_key) not between 1 and 255 then
    raise exception using errcode = 'JQ422', message = 'unique_key must have 1 to 255 characters';
  end if;
  if tg_op = 'UPDATE' then
    new.updated_at := private.now();
  end if;
  return new;
end
$$;
comment on function private.before_job_write() is 'Checks what is written into a job (JQ413, JQ422).';
create trigger job_before_write
  before insert or update of job_name, request_body, max_retries, priority, unique_key on public.job
  for each row execute function private.before_job_write();

-- A next_run_at that has come already means: due. By itself, so that the tick, which promotes thousands of jobs
-- at once, neither reads their bodies nor stops at a row that breaks another rule. Raises JQ422.
create function private.before_job_delay() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.state <> old.state then
    return new;
  elsif not isfinite(new.next_run_at) then
    raise exception using errcode = 'JQ422', message = 'next_run_at (run_at) must be a finite time';
  elsif new.next_run_at <= private.now() then
    new.next_run_at := null;
  end if;
  if tg_op = 'UPDATE' then
    new.updated_at := private.now();
  end if;
  return new;
end
$$;
comment on function private.before_job_delay() is 'Checks when a job may run (JQ422).';
create trigger job_before_delay before insert or update of next_run_at on public.job
  for each row execute function private.before_job_delay();

-- Queues one job for a user, or without a user (null). Returns its id, or with a unique key the id of
-- the job that is already waiting or running. Raises JQ404 if there is no such user, JQ409, JQ413, JQ422, JQ429.
-- For the database's own code: triggers, maintenance; not for API roles.
create function private.queue_job_for_user(
  _user_id uuid, _job_name text, _request_body jsonb default '{}', _max_retries integer default 3,
  _run_at timestamptz default null, _priority integer default 0, _unique_key text default null
) returns uuid
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_id uuid;
begin
  if _job_name is null or _max_retries is null then
    raise exception using errcode = 'JQ422', message = 'job_name and max_retries may not be null';
  elsif _user_id is not null and not exists (select from auth.users u where u.id = _user_id) then
    raise exception using errcode = 'JQ404', message = format('there is no user %s', _user_id),
      hint = 'A deleted user''s token stays valid until it expires: sign in again.';
  elsif _unique_key is null then
    insert into public.job (user_id, job_name, request_body, max_retries, next_run_at, priority)
    values (_user_id, _job_name, coalesce(_request_body, '{}'), _max_retries, _run_at, coalesce(_priority, 0))
    returning id into v_id;
    return v_id;
  end if;
  for v_try in 1..10 loop
    insert into public.job (user_id, job_name, request_body, max_retries, next_run_at, priority, unique_key)
    values (_user_id, _job_name, coalesce(_request_body, '{}'), _max_retries, _run_at, coalesce(_priority, 0),
      _unique_key)
    on conflict (job_name, lane, unique_key)
      where unique_key is not null and state in ('pending', 'running') do nothing
    returning id into v_id;
    if v_id is null then
      select j.id into v_id from public.job j
      where j.job_name = _job_name and j.unique_key = _unique_key and j.state in ('pending', 'running')
        and j.lane = coalesce(_user_id, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
    end if;
    if v_id is not null then
      return v_id;
    end if;
  end loop;
  raise exception using errcode = 'JQ409',
    message = format('jobs with the unique key %L come and go too fast', _unique_key), hint = 'Try again.';
end
$$;
comment on function private.queue_job_for_user(uuid, text, jsonb, integer, timestamptz, integer, text) is
  'Queues a job for a user, or without one (null). For triggers and maintenance; returns the job''s id.';

-- Queues one job for the calling user; for postgres and service_role without a user's claims a job of the
-- system. Contract of the article (first three arguments) and of this engine.
-- Takes the function's name, its JSON body, how often to try in all, not before when, a priority within
-- the lane and a key that makes it unique while it waits or runs. Returns the job's id.
-- Raises JQ401, JQ404, JQ409, JQ413, JQ422, JQ429. Security definer, because the engine's checks are in private.
create function public.queue_job(
  _job_name text, _request_body jsonb default '{}', _max_retries integer default 3,
  _run_at timestamptz default null, _priority integer default 0, _unique_key text default null
) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
begin
  return private.queue_job_for_user(private.caller(), _job_name, _request_body, _max_retries, _run_at,
    _priority, _unique_key);
end
$$;
comment on function public.queue_job(text, jsonb, integer, timestamptz, integer, text) is
  'Queues a job for the calling user and returns its id. Raises JQ401, JQ404, JQ409, JQ413, JQ422, JQ429.';

-- Queues many jobs in one statement: all or none.
-- Takes an array of {job_name, request_body, max_retries, run_at, priority, unique_key}; only job_name is
-- needed. Servers (service_role, postgres) may add user_id. Returns the ids in the order of the array, in which
-- the jobs run too; they are inserted in the order of their keys, so that two arrays cannot deadlock.
-- Raises JQ401, JQ403, JQ404, JQ409, JQ413, JQ422, JQ429. Security definer as queue_job.
create function public.queue_jobs(_jobs jsonb) returns setof uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_now timestamptz := clock_timestamp();
  v_caller uuid := private.caller();
  v_keys constant text[] :=
    '{job_name,request_body,max_retries,run_at,priority,unique_key,user_id}';
  v_item jsonb;
  v_place bigint;
  v_unknown text;
  v_ids uuid[];
begin
  if jsonb_typeof(_jobs) is distinct from 'array' then
    raise exception using errcode = 'JQ422', message = 'expected an array of jobs, found '
      || coalesce(jsonb_typeof(_jobs), 'null');
  end if;
  for v_item, v_place in select e.value, e.ordinality from jsonb_array_elements(_jobs) with ordinality e loop
    if jsonb_typeof(v_item) <> 'object' then
      raise exception using errcode = 'JQ422',
        message = format('job %s: expected an object, found %s', v_place, jsonb_typeof(v_item));
    end if;
    v_unknown := (select string_agg(k, ', ') from jsonb_object_keys(v_item) k where k <> all (v_keys));
    if v_unknown is not null then
      raise exception using errcode = 'JQ422',
        message = format('job %s: unknown key %s', v_place, v_unknown),
        hint = 'Known are ' || array_to_string(v_keys, ', ') || '.';
    end if;
    if v_caller is not null and coalesce(v_item ->> 'user_id', v_caller::text) <> v_caller::text then
      raise exception using errcode = 'JQ403',
        message = format('job %s: you may queue jobs for yourself only', v_place);
    end if;
    if v_item ->> 'job_name' is null then
      raise exception using errcode = 'JQ422', message = format('job %s: job_name is missing', v_place);
    end if;
  end loop;

  v_ids := array(select gen_random_uuid() from generate_series(1, jsonb_array_length(_jobs)));
  insert into public.job (id, user_id, job_name, request_body, max_retries, next_run_at, priority, unique_key,
    created_at)
  select v_ids[e.ordinality], coalesce(v_caller, (e.value ->> 'user_id')::uuid), e.value ->> 'job_name',
    coalesce(e.value -> 'request_body', '{}'), coalesce((e.value ->> 'max_retries')::integer, 3),
    (e.value ->> 'run_at')::timestamptz, coalesce((e.value ->> 'priority')::integer, 0),
    e.value ->> 'unique_key', v_now + e.ordinality * interval '1 microsecond'
  from jsonb_array_elements(_jobs) with ordinality e
  order by e.value ->> 'unique_key', e.value ->> 'job_name', e.ordinality
  on conflict (job_name, lane, unique_key)
    where unique_key is not null and state in ('pending', 'running') do nothing;

  if not exists (select from jsonb_array_elements(_jobs) e where e.value ->> 'unique_key' is not null) then
    return query select unnest(v_ids);
    return;
  end if;
  for v_item, v_place in select e.value, e.ordinality from jsonb_array_elements(_jobs) with ordinality e loop
    if v_item ->> 'unique_key' is not null and not exists (
      select from public.job j where j.id = v_ids[v_place])
    then
      v_ids[v_place] := (select j.id from public.job j
        where j.job_name = v_item ->> 'job_name' and j.unique_key = v_item ->> 'unique_key'
          and j.state in ('pending', 'running')
          and j.lane = coalesce(v_caller, (v_item ->> 'user_id')::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'));
      if v_ids[v_place] is null then
        raise exception using errcode = 'JQ409', hint = 'Try again.',
          message = format('job %s: the job with this unique key ended at this moment', v_place);
      end if;
    end if;
  end loop;
  return query select unnest(v_ids);
exception
  when foreign_key_violation then
    raise exception using errcode = 'JQ404', message = 'one of the users does not exist';
  when data_exception then
    raise exception using errcode = 'JQ422', message = 'a value has the wrong type: ' || sqlerrm;
end
$$;
comment on function public.queue_jobs(jsonb) is
  'Queues many jobs, all or none; returns their ids in order. Raises JQ401, JQ403, JQ404, JQ409, JQ413, JQ422, JQ429.';

-- Refuses what has come into a lane if more jobs than _max_pending wait in it now. Raises JQ429.
create function private.check_max_pending(_job_name text, _lane uuid, _max_pending integer) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  if (select count(*) from (
      (select from public.job j where j.state = 'pending' and j.next_run_at is null
         and j.job_name = _job_name and j.lane = _lane limit _max_pending + 1)
      union all
      (select from public.job j where j.state = 'pending' and j.next_run_at is not null
         and j.job_name = _job_name and j.lane = _lane limit _max_pending + 1)) waiting)
    > _max_pending
  then
    raise exception using errcode = 'JQ429',
      message = format('%s jobs of %s are waiting already, the limit per user', _max_pending, _job_name),
      hint = 'Wait until some have run, or raise job_config.max_pending.';
  end if;
end
$$;
comment on function private.check_max_pending(text, uuid, integer) is 'Raises JQ429 if more jobs wait in the lane than may.';

-- Every way to make a job passes here, also an insert through the table API: a log line each, and the
-- limit of waiting jobs. Security definer: users may not write the log.
create function private.after_job_insert() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_lane record;
begin
  insert into public.job_logs (job_id, log_message, created_at)
  select q.id, case when q.next_run_at is null then 'Queued.' else format('Queued, not before %s.', q.next_run_at) end,
    private.now()
  from queued q;
  for v_lane in
    select distinct q.job_name, q.lane, c.max_pending
    from queued q join public.job_config c on c.job_name = q.job_name and c.max_pending is not null
  loop
    perform private.check_max_pending(v_lane.job_name, v_lane.lane, v_lane.max_pending);
  end loop;
  return null;
end
$$;
comment on function private.after_job_insert() is 'Logs each new job and refuses those above max_pending (JQ429).';
create trigger job_after_insert after insert on public.job
  referencing new table as queued for each statement execute function private.after_job_insert();

revoke all on all functions in schema private from public, anon, authenticated, service_role;
revoke all on function public.queue_job(text, jsonb, integer, timestamptz, integer, text), public.queue_jobs(jsonb)
  from public, anon, authenticated, service_role;
grant execute on function public.queue_job(text, jsonb, integer, timestamptz, integer, text), public.queue_jobs(jsonb)
  to anon, authenticated, service_role;
