-- Part 22: the flow, counted. Nobody can count a week of a million jobs while a page loads, so a schedule counts
-- what was queued and what ended, in steps, into a small table. It reads indexes that are there, takes no lock
-- that the engine takes, and touches no job: an enqueue or a finish does not know of it.

create table private.job_flow (
  period integer not null,
  at timestamptz not null,
  job_name text not null,
  queued integer not null,
  completed integer not null,
  failed integer not null,
  canceled integer not null,
  primary key (period, at, job_name)
);
comment on table private.job_flow is
  'Jobs queued and ended per name and time. Minutes are kept for 2 hours, quarters of an hour for 2 days, hours for 8 days.';
comment on column private.job_flow.period is 'Length of the time in seconds: 60, 900 or 3600.';
comment on column private.job_flow.at is 'Begin of the time.';
comment on column private.job_flow.job_name is 'The name.';
comment on column private.job_flow.queued is 'Jobs made within it.';
comment on column private.job_flow.completed is 'Jobs completed within it.';
comment on column private.job_flow.failed is 'Jobs failed for good within it.';
comment on column private.job_flow.canceled is 'Jobs canceled within it.';

create table private.job_pick_up (
  period integer not null,
  at timestamptz not null,
  job_name text not null,
  bucket integer not null,
  jobs integer not null,
  primary key (period, at, job_name, bucket)
);
comment on table private.job_pick_up is
  'How long jobs waited from queued to started: a sample of those that ended with their first attempt. 5 minutes are kept for 2 hours, hours for 2 days, 6 hours for 8 days.';
comment on column private.job_pick_up.period is 'Length of the time in seconds: 300, 3600 or 21600.';
comment on column private.job_pick_up.at is 'Begin of the time in which they ended.';
comment on column private.job_pick_up.job_name is 'The name.';
comment on column private.job_pick_up.bucket is '10 log10(milliseconds), rounded up.';
comment on column private.job_pick_up.jobs is 'How many.';

create table private.job_flow_counted (
  only_row boolean primary key default true check (only_row),
  until timestamptz not null default clock_timestamp()
);
insert into private.job_flow_counted default values;
comment on table private.job_flow_counted is 'How far job_flow has been counted.';
comment on column private.job_flow_counted.only_row is 'Keeps the table to one row.';
comment on column private.job_flow_counted.until is 'Everything up to here is counted.';
alter table private.job_flow enable row level security;
alter table private.job_pick_up enable row level security;
alter table private.job_flow_counted enable row level security;
revoke all on private.job_flow, private.job_pick_up, private.job_flow_counted from public, anon, authenticated, service_role;

-- The bucket of a time from queued to started, and about how long a bucket is (within 12 %).
create function private.pick_up_bucket(_time interval) returns integer
language plpgsql immutable security invoker set search_path = ''
as $$
begin
  return ceil(10 * log(greatest(1, 1000 * extract(epoch from _time))));
end
$$;
comment on function private.pick_up_bucket(interval) is 'The bucket of a pick-up time: 10 log10(milliseconds), rounded up.';
create function private.pick_up_milliseconds(_bucket integer) returns integer
language plpgsql immutable security invoker set search_path = ''
as $$
begin
  return round(power(10, (_bucket - 0.5) / 10.0));
end
$$;
comment on function private.pick_up_milliseconds(integer) is 'About how many milliseconds a bucket of pick-up times means.';

-- Adds what was queued and what ended after _from, up to _to, to job_flow and job_pick_up. Returns how many events.
-- Pick-up times are those of at most 200 jobs a name and 5 minutes, which their first attempt ended and which were
-- not delayed.
create function private.count_between(_from timestamptz, _to timestamptz) returns bigint
language plpgsql volatile security invoker set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_names text[] := array(select private.names_of_jobs());
  v_counted bigint;
begin
  with ended as materialized (
    select e.* from unnest(v_names) as n (name) cross join unnest('{completed,failed,canceled}'::text[]) as s (state)
    cross join lateral (
      select j.id, j.job_name, j.state, j.attempt, j.created_at, j.finished_at from public.job j
      where j.finished_at is not null and j.job_name = n.name and j.state = s.state
        and j.finished_at > _from and j.finished_at <= _to) e
  ), events (at, job_name, what) as (
    select q.created_at, n.name, 'queued'
    from unnest(v_names) as n (name) cross join unnest('{pending,running,completed,failed,canceled}'::text[]) as s (state)
    cross join lateral (select j.created_at from public.job j
      where j.job_name = n.name and j.state = s.state and j.created_at > _from and j.created_at <= _to) q
    union all
    select e.finished_at, e.job_name, e.state from ended e
  ), flow as (
    insert into private.job_flow as f (period, at, job_name, queued, completed, failed, canceled)
    select p.period, date_bin(make_interval(secs => p.period), e.at, 'epoch'), e.job_name,
      count(*) filter (where e.what = 'queued'), count(*) filter (where e.what = 'completed'),
      count(*) filter (where e.what = 'failed'), count(*) filter (where e.what = 'canceled')
    from events e cross join (values (60), (900), (3600)) as p (period)
    group by 1, 2, 3
    on conflict (period, at, job_name) do update set queued = f.queued + excluded.queued,
      completed = f.completed + excluded.completed, failed = f.failed + excluded.failed,
      canceled = f.canceled + excluded.canceled
  ), first_tries as (
    select e.*, row_number() over (partition by e.job_name, date_bin('5 minutes', e.finished_at, 'epoch')) as place from ended e
    where e.attempt = 1 and e.state <> 'canceled'
  ), pick_ups as (
    select f.finished_at, f.job_name, private.pick_up_bucket(coalesce(a.started_at, a.rung_at) - f.created_at) as bucket
    from first_tries f join private.job_attempt a on a.job_id = f.id and a.attempt = 1
    where f.place <= 200 and coalesce((
      select l.log_message = 'Queued.' from public.job_logs l where l.job_id = f.id order by l.id limit 1), true)
  ), counted as (
    insert into private.job_pick_up as c (period, at, job_name, bucket, jobs)
    select p.period, date_bin(make_interval(secs => p.period), u.finished_at, 'epoch'), u.job_name, u.bucket, count(*)
    from pick_ups u cross join (values (300), (3600), (21600)) as p (period)
    group by 1, 2, 3, 4
    on conflict (period, at, job_name, bucket) do update set jobs = c.jobs + excluded.jobs
  )
  select count(*) into v_counted from events;
  return v_counted;
end
$$;
comment on function private.count_between(timestamptz, timestamptz) is 'Adds what was queued and what ended between two times to the flow.';

-- Deletes what is older than it is kept: of the flow, and of what operators did.
create function private.prune_flow() returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
begin
  delete from private.job_flow f using (values (60, interval '2 hours'), (900, '2 days'), (3600, '8 days')) as p (period, kept)
  where f.period = p.period and f.at < v_now - p.kept;
  delete from private.job_pick_up u using (values (300, interval '2 hours'), (3600, '2 days'), (21600, '8 days')) as p (period, kept)
  where u.period = p.period and u.at < v_now - p.kept;
  delete from private.operator_action a where a.id in (select o.id from private.operator_action o order by o.id limit 100)
    and a.created_at < v_now - interval '1 year';
end
$$;
comment on function private.prune_flow() is 'Deletes what is older than it is kept of the flow and of operators'' actions.';

-- Called by pg_cron without arguments. Counts what was queued and what ended since the last call, up to 10 s ago
-- (transactions of the API are shorter than that: 8 s is their limit; what a longer one queues is not counted), at
-- most two minutes of it at a time. Writes nothing while nothing happens, but once a minute how far it is. Returns
-- how many events it counted.
create function private.count_jobs() returns bigint
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_from timestamptz;
  v_to timestamptz;
  v_counted bigint;
begin
  select c.until into v_from from private.job_flow_counted c for update skip locked;
  v_to := least(private.now() - interval '10 seconds', v_from + interval '2 minutes');
  if v_from is null or v_to <= v_from then
    return 0;
  end if;
  v_counted := private.count_between(v_from, v_to);
  if v_counted > 0 or v_to > v_from + interval '1 minute' then
    update private.job_flow_counted c set until = v_to where c.only_row;
  end if;
  perform private.prune_flow();
  return v_counted;
end
$$;
comment on function private.count_jobs() is 'Counts what was queued and what ended since the last call. Returns how many events.';

-- Counts the last 8 days anew from the jobs that are there, once, after an import or when the schedule stood still for
-- long. It reads every job of these days. Returns how many events.
create function private.recount_jobs() returns bigint
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_to timestamptz := private.now() - interval '10 seconds';
  v_counted bigint;
begin
  update private.job_flow_counted c set until = v_to where c.only_row;
  delete from private.job_flow f where f.period > 0;
  delete from private.job_pick_up u where u.period > 0;
  v_counted := private.count_between(v_to - interval '8 days', v_to);
  perform private.prune_flow();
  return v_counted;
end
$$;
comment on function private.recount_jobs() is 'Counts the last 8 days anew, once, after an import. Returns how many events.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
