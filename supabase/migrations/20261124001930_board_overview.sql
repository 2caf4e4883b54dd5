-- Part 23: the board's overview. Operators' flow comes from private.job_flow; a user's own from her newest jobs.

-- The flow since _from of a user's newest 2,000 jobs, per place (from 0, _period seconds each) and name.
create function private.own_flow_since(_user_id uuid, _period integer, _from timestamptz)
returns table (place integer, job_name text, queued integer, completed integer, failed integer, canceled integer)
language plpgsql stable security invoker set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_from bigint := extract(epoch from _from);
begin
  return query
  with own as materialized (
    select j.job_name, j.state, extract(epoch from j.created_at)::bigint as created, extract(epoch from j.finished_at)::bigint as finished
    from public.job j
    where j.user_id = _user_id and j.created_at >= _from order by j.created_at desc limit 2000
  )
  select ((e.at - v_from) / _period)::integer, e.job_name, count(*) filter (where e.what = 'queued')::integer,
    count(*) filter (where e.what = 'completed')::integer, count(*) filter (where e.what = 'failed')::integer,
    count(*) filter (where e.what = 'canceled')::integer
  from (select o.created, o.job_name, 'queued' from own o
    union all select o.finished, o.job_name, o.state from own o where o.finished is not null) as e (at, job_name, what)
  group by 1, 2;
end
$$;
comment on function private.own_flow_since(uuid, integer, timestamptz) is 'The flow per time and name, of one user''s newest jobs.';

-- Pick-up times since _from of a user's newest 300 jobs that their first attempt ended, per name, by bucket.
create function private.own_pick_ups_since(_user_id uuid, _from timestamptz)
returns table (job_name text, bucket integer, jobs bigint)
language plpgsql stable security invoker set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
begin
  return query
  select o.job_name, private.pick_up_bucket(coalesce(a.started_at, a.rung_at) - o.created_at), count(*)
  from (select n.id, n.job_name, n.created_at
    from (select * from public.job j where j.user_id = _user_id and j.created_at >= _from order by j.created_at desc limit 2000) n
    where n.attempt = 1 and n.state in ('completed', 'failed') order by n.created_at desc limit 300) o
  cross join lateral (select * from private.job_attempt t where t.job_id = o.id and t.attempt = 1 offset 0) a
  where coalesce((select l.log_message = 'Queued.' from public.job_logs l where l.job_id = o.id order by l.id limit 1), true)
  group by 1, 2;
end
$$;
comment on function private.own_pick_ups_since(uuid, timestamptz) is 'Pick-up times per name by bucket, of one user.';

-- The flow since _from, per place and name: of all (_user_id null), as counted, or of one user.
create function private.flow_since(_user_id uuid, _period integer, _from timestamptz)
returns table (place integer, job_name text, queued integer, completed integer, failed integer, canceled integer)
language plpgsql stable security invoker set search_path = '' set enable_bitmapscan = on
as $$
declare
  v_from bigint := extract(epoch from _from);
begin
  if _user_id is not null then
    return query select * from private.own_flow_since(_user_id, _period, _from);
    return;
  end if;
  return query select ((extract(epoch from f.at)::bigint - v_from) / _period)::integer, f.job_name, f.queued,
    f.completed, f.failed, f.canceled
  from private.job_flow f where f.period = _period and f.at >= _from;
end
$$;
comment on function private.flow_since(uuid, integer, timestamptz) is 'The flow per time and name, of all or of one user.';

-- Pick-up times since _from per name, by bucket: of all (_user_id null), as counted, or of one user.
create function private.pick_ups_since(_user_id uuid, _period integer, _from timestamptz)
returns table (job_name text, bucket integer, jobs bigint)
language plpgsql stable security invoker set search_path = '' set enable_bitmapscan = on
as $$
declare
  v_period integer := case _period when 60 then 300 when 900 then 3600 else 21600 end;
begin
  if _user_id is not null then
    return query select * from private.own_pick_ups_since(_user_id, _from);
    return;
  end if;
  return query select u.job_name, u.bucket, sum(u.jobs) from private.job_pick_up u
    where u.period = v_period and u.at >= date_bin(make_interval(secs => v_period), _from, 'epoch')
    group by u.job_name, u.bucket;
end
$$;
comment on function private.pick_ups_since(uuid, integer, timestamptz) is 'Pick-up times per name by bucket, of all or of one user.';

-- Counts at places (from 0) as an array of _length, with zeros between.
create function private.spread(_places integer[], _counts bigint[], _length integer) returns bigint[]
language plpgsql immutable security invoker set search_path = ''
as $$
declare
  v_spread bigint[] := array_fill(0::bigint, array[_length]);
begin
  for i in 1..coalesce(cardinality(_places), 0) loop
    v_spread[_places[i] + 1] := _counts[i];
  end loop;
  return v_spread;
end
$$;
comment on function private.spread(integer[], bigint[], integer) is 'Counts at places as an array, with zeros between.';

-- The flow of a span as the board plots it: {times, names, totals, pick_up}. The 20 names with the most events
-- stand alone, the others are one (job_name null). json, not jsonb: these are thousands of numbers.
create function private.flow_as_json(
  _user_id uuid, _period integer, _from timestamptz, _to timestamptz,
  out times json, out names json, out totals jsonb, out pick_up jsonb
)
language plpgsql stable security invoker set search_path = ''
as $$
declare
  v_length integer := floor(extract(epoch from _to - _from) / _period)::integer + 1;
begin
  with flow as materialized (
    select * from private.flow_since(_user_id, _period, _from) f where f.place < v_length
  ), ranked as materialized (
    select f.job_name, least(21, row_number() over (order by sum(f.queued + f.completed + f.failed + f.canceled) desc, f.job_name)) as rank
    from flow f group by f.job_name
  ), cells as (
    select r.rank, f.place, sum(f.queued) as queued, sum(f.completed) as completed, sum(f.failed) as failed, sum(f.canceled) as canceled
    from flow f join ranked r on r.job_name = f.job_name group by 1, 2
  ), series as materialized (
    select c.rank, array_agg(c.place) as places, jsonb_build_object('queued', sum(c.queued), 'completed', sum(c.completed),
      'failed', sum(c.failed), 'canceled', sum(c.canceled)) as totals, array_agg(c.queued) as queued,
      array_agg(c.completed) as completed, array_agg(c.failed) as failed, array_agg(c.canceled) as canceled
    from cells c group by c.rank
  ), buckets as (
    select least(21, r.rank) as rank, u.bucket, sum(u.jobs)::bigint as jobs
    from private.pick_ups_since(_user_id, _period, _from) u join ranked r on r.job_name = u.job_name
    group by grouping sets ((1, 2), (2))
  ), reached as (
    select b.rank, b.bucket, sum(b.jobs) over (partition by b.rank order by b.bucket) as reached,
      sum(b.jobs) over (partition by b.rank) as jobs
    from buckets b
  ), pick_ups as materialized (
    select r.rank, jsonb_build_object('jobs', max(r.jobs),
      'p50_ms', private.pick_up_milliseconds(min(r.bucket) filter (where r.reached >= 0.5 * r.jobs)),
      'p99_ms', private.pick_up_milliseconds(min(r.bucket) filter (where r.reached >= 0.99 * r.jobs))) as pick_up
    from reached r group by r.rank
  ), shown as materialized (
    select s.rank, s.totals, json_build_object('job_name', case when s.rank <= 20 then (
        select r.job_name from ranked r where r.rank = s.rank) end,
      'queued', private.spread(s.places, s.queued, v_length), 'completed', private.spread(s.places, s.completed, v_length),
      'failed', private.spread(s.places, s.failed, v_length), 'canceled', private.spread(s.places, s.canceled, v_length),
      'totals', s.totals, 'pick_up', (select p.pick_up from pick_ups p where p.rank = s.rank)) as name
    from series s
  )
  select (select json_agg(extract(epoch from _from)::bigint + p * _period) from generate_series(0, v_length - 1) p),
    coalesce((select json_agg(n.name order by n.rank) from shown n), '[]'),
    (select jsonb_object_agg(w.what, coalesce((select sum((n.totals ->> w.what)::bigint) from shown n), 0))
      from unnest('{queued,completed,failed,canceled}'::text[]) as w (what)),
    (select p.pick_up from pick_ups p where p.rank is null)
  into times, names, totals, pick_up;
end
$$;
comment on function private.flow_as_json(uuid, integer, timestamptz, timestamptz) is 'The flow of a span as the board plots it.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
