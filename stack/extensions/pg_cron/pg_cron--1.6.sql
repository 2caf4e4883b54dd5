-- Local substitute for pg_cron 1.6: the same tables, functions, privileges and row-level security.
-- The jobs are run by scheduler.ts, which listens on the channel cron_job_changed.
\echo Use "create extension pg_cron" to load this file. \quit

create schema cron;
create sequence cron.jobid_seq;
create sequence cron.runid_seq;

create table cron.job (
  jobid bigint primary key default nextval('cron.jobid_seq'),
  schedule text not null,
  command text not null,
  nodename text not null default 'localhost',
  nodeport int not null default inet_server_port(),
  database text not null default current_database(),
  username text not null default current_user,
  active boolean not null default true,
  jobname text,
  constraint jobname_username_uniq unique (jobname, username)
);

create table cron.job_run_details (
  jobid bigint,
  runid bigint primary key default nextval('cron.runid_seq'),
  job_pid integer,
  database text,
  username text,
  command text,
  status text,
  return_message text,
  start_time timestamptz,
  end_time timestamptz
);

alter table cron.job enable row level security;
alter table cron.job_run_details enable row level security;
create policy cron_job_policy on cron.job using (username = current_user);
create policy cron_job_run_details_policy on cron.job_run_details using (username = current_user);
grant select on cron.job, cron.job_run_details to public;
select pg_catalog.pg_extension_config_dump('cron.job', '');
select pg_catalog.pg_extension_config_dump('cron.jobid_seq', '');
select pg_catalog.pg_extension_config_dump('cron.job_run_details', '');
select pg_catalog.pg_extension_config_dump('cron.runid_seq', '');

create function cron.job_cache_invalidate() returns trigger
language plpgsql as $$
begin
  perform pg_catalog.pg_notify('cron_job_changed', '');
  return null;
end $$;
create trigger cron_job_cache_invalidate
  after insert or update or delete or truncate on cron.job
  for each statement execute function cron.job_cache_invalidate();

-- Who called: inside a security definer function current_user is its owner, so the role is the one
-- that was SET, or else the one that logged in.
create function cron._caller() returns text
language sql stable set search_path = '' as $$
  select case pg_catalog.current_setting('role') when 'none' then session_user::text
    else pg_catalog.current_setting('role') end
$$;

-- One field of a cron expression: lists, ranges, steps, * and the names of months or days.
create function cron._field_is_valid(_field text, _low int, _high int, _names text[])
returns boolean
language plpgsql immutable set search_path = '' as $$
declare
  v_part text;
  v_match text[];
  v_bounds int[];
begin
  foreach v_part in array pg_catalog.string_to_array(_field, ',') loop
    v_match := pg_catalog.regexp_match(
      pg_catalog.lower(v_part), '^(?:(\*)|([0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?)(?:/([0-9]{1,2}))?$');
    if v_match is null or (v_match[4] is not null and v_match[4]::int = 0) then
      return false;
    end if;
    continue when v_match[1] is not null;
    select pg_catalog.array_agg(
      case when bound ~ '^[0-9]+$' then bound::int
        else pg_catalog.array_position(_names, bound) - 1 + _low end order by ordinality)
    into v_bounds
    from pg_catalog.unnest(v_match[2:3]) with ordinality as bounds (bound, ordinality)
    where bound is not null;
    if (select pg_catalog.bool_or(bound is null or bound < _low or bound > _high)
      from pg_catalog.unnest(v_bounds) as bound) or v_bounds[2] < v_bounds[1] then
      return false;
    end if;
  end loop;
  return _field <> '';
end $$;

create function cron._schedule_is_valid(_schedule text) returns boolean
language plpgsql immutable set search_path = '' as $$
declare
  v_fields text[] := pg_catalog.regexp_split_to_array(
    pg_catalog.btrim(_schedule, E' \t'), '[ \t]+');
begin
  if _schedule ~* '^\s*([1-9]|[1-5][0-9])\s+seconds?\s*$' then
    return true;
  end if;
  if _schedule ~* '^\s*@(yearly|annually|monthly|weekly|daily|midnight|hourly|reboot)\s*$' then
    return true;
  end if;
  return pg_catalog.cardinality(v_fields) = 5
    and cron._field_is_valid(v_fields[1], 0, 59, '{}')
    and cron._field_is_valid(v_fields[2], 0, 23, '{}')
    and (v_fields[3] = '$' or cron._field_is_valid(v_fields[3], 1, 31, '{}'))
    and cron._field_is_valid(v_fields[4], 1, 12,
      '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}')
    and cron._field_is_valid(v_fields[5], 0, 7, '{sun,mon,tue,wed,thu,fri,sat}');
end $$;

create function cron._check(_schedule text, _database text, _username text) returns void
language plpgsql stable set search_path = '' as $$
declare
  v_caller text := cron._caller();
begin
  if _schedule is not null and not cron._schedule_is_valid(_schedule) then
    raise exception 'invalid schedule: %', _schedule
      using errcode = 'invalid_parameter_value',
        hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
  end if;
  if _username <> v_caller
    and not (select rolsuper from pg_catalog.pg_roles where rolname = v_caller)
  then
    raise exception 'must be superuser to create or alter a job for another role'
      using errcode = 'insufficient_privilege';
  end if;
  if _username is not null and pg_catalog.to_regrole(pg_catalog.quote_ident(_username)) is null then
    raise exception 'role "%" does not exist', _username using errcode = 'undefined_object';
  end if;
  if _database is not null and not exists (
    select from pg_catalog.pg_database where datname = _database
  ) then
    raise exception 'database "%" does not exist', _database using errcode = 'undefined_database';
  end if;
end $$;

create function cron._save(
  _job_name text, _schedule text, _command text, _database text, _username text, _active boolean
) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  v_id bigint;
  v_database text := coalesce(_database, pg_catalog.current_database());
  v_username text := coalesce(_username, cron._caller());
begin
  perform cron._check(_schedule, v_database, v_username);
  if _schedule is null or _command is null then
    raise exception 'a cron job needs a schedule and a command'
      using errcode = 'null_value_not_allowed';
  end if;
  insert into cron.job (jobname, schedule, command, database, username, active, nodeport)
  values (
    _job_name, _schedule, _command, v_database, v_username, coalesce(_active, true),
    coalesce(pg_catalog.inet_server_port(), pg_catalog.current_setting('port')::int)
  )
  on conflict on constraint jobname_username_uniq do update set
    schedule = excluded.schedule, command = excluded.command, database = excluded.database,
    active = excluded.active
  returning jobid into v_id;
  return v_id;
end $$;

create function cron.schedule(schedule text, command text) returns bigint
language sql strict as $$ select cron._save(null, schedule, command, null, null, true) $$;
comment on function cron.schedule(text, text) is 'Schedule a job without a name; returns its id.';

create function cron.schedule(job_name text, schedule text, command text) returns bigint
language plpgsql as $$
begin
  if job_name is null then
    raise exception 'job_name can not be NULL' using errcode = 'null_value_not_allowed';
  end if;
  return cron._save(job_name, schedule, command, null, null, true);
end $$;
comment on function cron.schedule(text, text, text)
  is 'Schedule a job, or change the caller''s job of the same name; returns its id.';

create function cron.schedule_in_database(
  job_name text, schedule text, command text, database text, username text default null,
  active boolean default true
) returns bigint
language sql as $$ select cron._save(job_name, schedule, command, database, username, active) $$;
comment on function cron.schedule_in_database(text, text, text, text, text, boolean)
  is 'Schedule a job that runs in the given database.';

create function cron._owned_job(_job_id bigint, _job_name text) returns bigint
language plpgsql stable security definer set search_path = '' as $$
declare
  v_caller text := cron._caller();
  v_job cron.job;
begin
  select * into v_job from cron.job
  where jobid = _job_id or (_job_id is null and jobname = _job_name and username = v_caller);
  if not found then
    raise exception 'could not find valid entry for job ''%''', coalesce(_job_name, _job_id::text)
      using errcode = 'internal_error';
  end if;
  if v_job.username <> v_caller
    and not (select rolsuper from pg_catalog.pg_roles where rolname = v_caller)
  then
    raise exception 'permission denied: job % belongs to %', v_job.jobid, v_job.username
      using errcode = 'insufficient_privilege';
  end if;
  return v_job.jobid;
end $$;

create function cron._remove(_job_id bigint, _job_name text) returns boolean
language plpgsql security definer set search_path = '' as $$
begin
  delete from cron.job where jobid = cron._owned_job(_job_id, _job_name);
  return true;
end $$;

create function cron.unschedule(job_id bigint) returns boolean
language sql strict as $$ select cron._remove(job_id, null) $$;
comment on function cron.unschedule(bigint) is 'Remove a job by its id.';

create function cron.unschedule(job_name text) returns boolean
language sql strict as $$ select cron._remove(null, job_name) $$;
comment on function cron.unschedule(text) is 'Remove the caller''s job of this name.';

create function cron.alter_job(
  job_id bigint, schedule text default null, command text default null,
  database text default null, username text default null, active boolean default null
) returns void
language plpgsql security definer set search_path = '' as $$
begin
  perform cron._check(alter_job.schedule, alter_job.database, alter_job.username);
  update cron.job as j set
    schedule = coalesce(alter_job.schedule, j.schedule),
    command = coalesce(alter_job.command, j.command),
    database = coalesce(alter_job.database, j.database),
    username = coalesce(alter_job.username, j.username),
    active = coalesce(alter_job.active, j.active)
  where j.jobid = cron._owned_job(alter_job.job_id, null);
end $$;
comment on function cron.alter_job(bigint, text, text, text, text, boolean)
  is 'Change the given parts of a job; null leaves a part as it is.';

revoke all on function cron.schedule_in_database(text, text, text, text, text, boolean) from public;

-- As the event trigger of hosted Supabase grants them after the extension was created.
do $$
begin
  if to_regrole('postgres') is null then
    return;
  end if;
  grant usage on schema cron to postgres with grant option;
  grant all on all tables in schema cron to postgres with grant option;
  grant all on all sequences in schema cron to postgres with grant option;
  grant all on all functions in schema cron to postgres with grant option;
  revoke all on cron.job from postgres;
  grant select on cron.job to postgres with grant option;
end $$;
