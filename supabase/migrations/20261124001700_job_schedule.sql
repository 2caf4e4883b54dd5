-- Part 18: jobs that come again. A row of public.job_schedule queues a job at each of its times: a cron
-- expression in a time zone, or an interval. One occurrence makes one job: it is queued and the next time is
-- set in one transaction, under the row's lock.

create table public.job_schedule (
  id uuid primary key default gen_random_uuid(),
  user_id uuid references auth.users (id) on delete cascade,
  name text not null,
  job_name text not null,
  request_body jsonb not null default '{}',
  max_retries integer not null default 3,
  priority integer not null default 0,
  cron text,
  time_zone text not null default 'UTC',
  every interval,
  enabled boolean not null default true,
  overlap text not null default 'skip',
  catch_up text not null default 'one',
  catch_up_max integer not null default 10,
  next_at timestamptz,
  last_at timestamptz,
  last_job_id uuid,
  last_error text,
  created_at timestamptz not null default clock_timestamp(),

  constraint job_schedule_name_is_unique_per_user unique nulls not distinct (user_id, name),
  constraint job_schedule_name_is_1_to_128_characters check (char_length(name) between 1 and 128),
  constraint job_schedule_is_cron_or_every check (num_nonnulls(cron, every) = 1),
  constraint job_schedule_overlap_is_known check (overlap in ('skip', 'queue')),
  constraint job_schedule_catch_up_is_known check (catch_up in ('none', 'one', 'all')),
  constraint job_schedule_catch_up_max_is_1_to_1000 check (catch_up_max between 1 and 1000)
);
create index job_schedule_due on public.job_schedule (next_at) where enabled;
comment on table public.job_schedule is 'Jobs that come again, of a user or of the system. Made by schedule_job.';
comment on column public.job_schedule.id is 'The schedule.';
comment on column public.job_schedule.user_id is 'Whose jobs it queues; null: jobs of the system.';
comment on column public.job_schedule.name is 'Its name, unique per user.';
comment on column public.job_schedule.job_name is 'Name of the Edge Function of its jobs.';
comment on column public.job_schedule.request_body is 'Body of its jobs.';
comment on column public.job_schedule.max_retries is 'How often each job is tried in all.';
comment on column public.job_schedule.priority is 'Priority of its jobs within their lane.';
comment on column public.job_schedule.cron is 'Cron expression of five fields; null: every is set.';
comment on column public.job_schedule.time_zone is 'Time zone of the cron expression.';
comment on column public.job_schedule.every is 'Interval between two times; null: cron is set.';
comment on column public.job_schedule.enabled is 'False: queues nothing.';
comment on column public.job_schedule.overlap is 'skip: no job while the last one waits or runs; queue: one for each time.';
comment on column public.job_schedule.catch_up is
  'After a time without the dispatcher. none: what was missed by more than a minute is dropped; one: one job; all: one for each, the oldest catch_up_max.';
comment on column public.job_schedule.catch_up_max is 'The most jobs that catch_up all queues at once.';
comment on column public.job_schedule.next_at is 'When it queues next. Set by the engine.';
comment on column public.job_schedule.last_at is 'The time for which it last queued a job. Set by the engine.';
comment on column public.job_schedule.last_job_id is 'The job it last queued. Set by the engine.';
comment on column public.job_schedule.last_error is 'Why the last job could not be queued. Set by the engine.';
comment on column public.job_schedule.created_at is 'When it was made.';

-- The first time of a schedule after a moment; intervals count from _from.
create function private.next_scheduled_time(_schedule public.job_schedule, _from timestamptz, _after timestamptz)
returns timestamptz
language plpgsql stable security invoker set search_path = ''
as $$
begin
  if _schedule.cron is not null then
    return private.next_cron_time(_schedule.cron, _schedule.time_zone, _after);
  end if;
  return _from + _schedule.every * (floor(extract(epoch from _after - _from) / extract(epoch from _schedule.every)) + 1);
end
$$;
comment on function private.next_scheduled_time(public.job_schedule, timestamptz, timestamptz) is
  'The first time of a schedule after a moment.';

-- What may be written into a schedule; raises JQ413, JQ422, JQ429. Sets when it queues next. Security
-- definer: users may not call private functions.
create function private.before_job_schedule_write() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
begin
  if new.job_name !~ '^[a-zA-Z][a-zA-Z0-9_-]{0,127}$' then
    raise exception using errcode = 'JQ422', message = format('%L is not a job name', left(new.job_name, 200));
  elsif new.max_retries not between 1 and 100 then
    raise exception using errcode = 'JQ422', message = format('max_retries is %s, expected 1 to 100', new.max_retries);
  elsif octet_length(new.request_body::text) > 1048576 then
    raise exception using errcode = 'JQ413', message = 'request_body is larger than 1 MiB';
  elsif num_nonnulls(new.cron, new.every) <> 1 then
    raise exception using errcode = 'JQ422', message = 'expected either cron or every';
  elsif new.every < interval '10 seconds' or new.every > interval '366 days' then
    raise exception using errcode = 'JQ422', message = format('every is %s, expected 10 seconds to 366 days', new.every);
  elsif new.every is not null and (extract(year from new.every) <> 0 or extract(month from new.every) <> 0) then
    raise exception using errcode = 'JQ422', message = 'every may not count in months or years: use cron';
  elsif tg_op = 'INSERT' and new.user_id is not null
    and (select count(*) from public.job_schedule s where s.user_id = new.user_id and s.name <> new.name) >= 100
  then
    raise exception using errcode = 'JQ429', message = '100 schedules of one user are the limit';
  end if;
  begin
    if new.time_zone !~ '^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$' then
      raise invalid_parameter_value;
    end if;
    perform v_now at time zone new.time_zone;
  exception when invalid_parameter_value then
    raise exception using errcode = 'JQ422', message = format('%L is not a time zone', left(new.time_zone, 100)),
      hint = 'Use a name such as Europe/Berlin or UTC.';
  end;
  if tg_op = 'INSERT' or new.next_at is null or (new.enabled and not old.enabled)
    or (new.cron, new.every, new.time_zone) is distinct from (old.cron, old.every, old.time_zone)
  then
    new.next_at := private.next_scheduled_time(new, v_now, v_now);
  end if;
  return new;
end
$$;
comment on function private.before_job_schedule_write() is 'Checks what is written into a schedule (JQ413, JQ422, JQ429).';
create trigger job_schedule_before_write
  before insert or update of job_name, request_body, max_retries, cron, every, time_zone, enabled on public.job_schedule
  for each row execute function private.before_job_schedule_write();

-- Called by pg_cron without arguments: queues the jobs whose time has come, and sets the next times. Each
-- schedule stands alone: one whose job is refused says so in last_error and goes on. Returns how many jobs.
create function private.queue_scheduled_jobs() returns integer
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_schedule public.job_schedule;
  v_at timestamptz;
  v_next timestamptz;
  v_job_id uuid;
  v_most integer;
  v_queued integer := 0;
begin
  for v_schedule in
    select * from public.job_schedule s
    where s.enabled and s.next_at <= v_now
    order by s.next_at limit 1000 for update skip locked
  loop
    begin
      v_at := v_schedule.next_at;
      v_next := private.next_scheduled_time(v_schedule, v_at, v_now);
      v_most := case when v_schedule.catch_up = 'all' then v_schedule.catch_up_max else 1 end;
      if v_schedule.catch_up = 'none' and v_at < v_now - interval '1 minute' then
        v_most := 0;
      end if;
      v_job_id := null;
      while v_most > 0 and v_at <= v_now loop
        v_job_id := private.queue_job_for_user(v_schedule.user_id, v_schedule.job_name, v_schedule.request_body,
          v_schedule.max_retries, null, v_schedule.priority,
          case when v_schedule.overlap = 'skip' then 'schedule:' || v_schedule.id end);
        v_queued := v_queued + 1;
        v_most := v_most - 1;
        v_at := private.next_scheduled_time(v_schedule, v_at, v_at);
      end loop;
      update public.job_schedule s
      set next_at = v_next, last_error = null, last_job_id = coalesce(v_job_id, s.last_job_id),
        last_at = case when v_job_id is null then s.last_at else v_schedule.next_at end
      where s.id = v_schedule.id;
    exception when others then
      raise warning 'queue_scheduled_jobs: schedule %: %', v_schedule.id, sqlerrm;
      update public.job_schedule s set next_at = coalesce(v_next, v_now + interval '1 hour'), last_error = sqlerrm
      where s.id = v_schedule.id;
    end;
  end loop;
  return v_queued;
end
$$;
comment on function private.queue_scheduled_jobs() is 'Queues the jobs of the schedules whose time has come. Returns how many.';

-- Makes the caller's schedule of this name, or changes it. Servers (postgres, service_role) make one of the
-- system, or of _user_id. Returns its id. Raises JQ401, JQ403, JQ413, JQ422 (with the reason), JQ429.
-- Security definer as queue_job.
create function public.schedule_job(
  _name text, _job_name text, _cron text default null, _every interval default null, _time_zone text default 'UTC',
  _request_body jsonb default '{}', _max_retries integer default 3, _priority integer default 0,
  _overlap text default 'skip', _catch_up text default 'one', _catch_up_max integer default 10,
  _enabled boolean default true, _user_id uuid default null
) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_caller uuid := private.caller();
  v_id uuid;
begin
  if v_caller is not null and _user_id is distinct from v_caller and _user_id is not null then
    raise exception using errcode = 'JQ403', message = 'you may schedule jobs for yourself only';
  end if;
  insert into public.job_schedule as s (user_id, name, job_name, cron, every, time_zone, request_body, max_retries,
    priority, overlap, catch_up, catch_up_max, enabled)
  values (coalesce(v_caller, _user_id), _name, _job_name, _cron, _every, _time_zone, coalesce(_request_body, '{}'),
    _max_retries, _priority, _overlap, _catch_up, _catch_up_max, _enabled)
  on conflict (user_id, name) do update
  set job_name = excluded.job_name, cron = excluded.cron, every = excluded.every, time_zone = excluded.time_zone,
    request_body = excluded.request_body, max_retries = excluded.max_retries, priority = excluded.priority,
    overlap = excluded.overlap, catch_up = excluded.catch_up, catch_up_max = excluded.catch_up_max,
    enabled = excluded.enabled
  returning s.id into v_id;
  return v_id;
exception
  when check_violation or not_null_violation then
    raise exception using errcode = 'JQ422', message = sqlerrm;
  when foreign_key_violation then
    raise exception using errcode = 'JQ404', message = 'there is no such user';
end
$$;
comment on function public.schedule_job(text, text, text, interval, text, jsonb, integer, integer, text, text, integer, boolean, uuid) is
  'Makes or changes the caller''s schedule of this name and returns its id. Raises JQ401, JQ403, JQ404, JQ413, JQ422, JQ429.';

-- Deletes the caller's schedule of this name; servers: the system's, or that of _user_id. True if there was
-- one. Jobs it has queued stay. Raises JQ401.
create function public.unschedule_job(_name text, _user_id uuid default null) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
  delete from public.job_schedule s
  where s.name = _name and s.user_id is not distinct from coalesce(private.caller(), _user_id);
  return found;
end
$$;
comment on function public.unschedule_job(text, uuid) is 'Deletes the caller''s schedule of this name; true if there was one.';

alter table public.job_schedule enable row level security;
revoke all on public.job_schedule from public, anon, authenticated, service_role;
grant select, delete, update (enabled) on public.job_schedule to authenticated, service_role;
create policy "users read their own schedules" on public.job_schedule
  for select to authenticated using (user_id = (select auth.uid()));
create policy "users switch their own schedules" on public.job_schedule
  for update to authenticated using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "users delete their own schedules" on public.job_schedule
  for delete to authenticated using (user_id = (select auth.uid()));

revoke all on all functions in schema private from public, anon, authenticated, service_role;
revoke all on function
  public.schedule_job(text, text, text, interval, text, jsonb, integer, integer, text, text, integer, boolean, uuid),
  public.unschedule_job(text, uuid) from public, anon, authenticated, service_role;
grant execute on function
  public.schedule_job(text, text, text, interval, text, jsonb, integer, integer, text, text, integer, boolean, uuid),
  public.unschedule_job(text, uuid) to anon, authenticated, service_role;
