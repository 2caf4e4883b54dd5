-- Part 20: the board's list of jobs, by keyset on (created_at, id), and its counts by state. What the other board
-- functions have in common is here: the filter, and how a page is found without reading what is not on it.
--
-- Board functions are security definer, because they read private tables and because a count over an index may not
-- look at every row's owner as a policy would. Each begins with private.visible_user() or a filter read by
-- private.read_board_filter(), which says whose rows they may touch. They read the first rows in an index's order, so
-- the planner is kept from reading all of a user's or a name's rows and sorting them, which statistics may suggest.

-- One added index: every name and state in the order of the list. The list of all names is merged from the newest
-- of each, and a count reads nothing but the index.
create index job_listed on public.job (job_name, state, created_at, id);

create type private.board_filter as (
  states text[], job_name text, user_id uuid, created_from timestamptz, before_at timestamptz, before_id uuid,
  error text, body jsonb);
comment on type private.board_filter is
  'Which jobs a board function looks at: below the key (before_at, before_id); user_id null: all users.';

-- Reads a filter {states, job_name, user_id, user_email, created_from, created_to, error, body} and the key below
-- which a page begins, {created_at, id}. Returns the filter, bound to the caller's own jobs unless an operator or
-- server calls. Raises JQ401, JQ403, JQ422.
create function private.read_board_filter(_filter jsonb, _before jsonb default null) returns private.board_filter
language plpgsql stable security invoker set search_path = ''
as $$
declare
  v_visible uuid := private.visible_user();
  v_unknown text;
  v_to timestamptz;
  v_read private.board_filter;
begin
  if jsonb_typeof(coalesce(_filter, '{}')) <> 'object' or jsonb_typeof(coalesce(_before, '{}')) <> 'object' then
    raise exception using errcode = 'JQ422', message = 'expected a filter, and the key a page begins below, as objects';
  end if;
  v_unknown := (select string_agg(k, ', ') from jsonb_object_keys(coalesce(_filter, '{}')) k
    where k <> all ('{states,job_name,user_id,user_email,created_from,created_to,error,body}'::text[]));
  if v_unknown is not null then
    raise exception using errcode = 'JQ422', message = 'unknown key in the filter: ' || left(v_unknown, 200);
  end if;
  if jsonb_typeof(_filter -> 'states') = 'array' then
    v_read.states := array(select jsonb_array_elements_text(_filter -> 'states'));
  end if;
  v_read.job_name := _filter ->> 'job_name';
  v_read.user_id := (_filter ->> 'user_id')::uuid;
  v_read.created_from := coalesce((_filter ->> 'created_from')::timestamptz, '-infinity');
  v_read.before_at := coalesce((_before ->> 'created_at')::timestamptz, 'infinity');
  v_read.before_id := coalesce((_before ->> 'id')::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_to := (_filter ->> 'created_to')::timestamptz;
  if v_to <= v_read.before_at then
    v_read.before_at := v_to;
    v_read.before_id := '00000000-0000-0000-0000-000000000000';
  end if;
  v_read.error := _filter ->> 'error';
  v_read.body := nullif(_filter -> 'body', 'null');
  if coalesce(jsonb_typeof(_filter -> 'states'), 'null') not in ('array', 'null')
    or not coalesce(v_read.states <@ '{pending,running,completed,failed,canceled}', true)
  then
    raise exception using errcode = 'JQ422',
      message = 'states must be an array of pending, running, completed, failed and canceled';
  elsif char_length(v_read.error) not between 2 and 200 then
    raise exception using errcode = 'JQ422', message = 'error must have 2 to 200 characters';
  elsif v_visible is not null and (_filter ->> 'user_email' is not null or v_read.user_id <> v_visible) then
    raise exception using errcode = 'JQ403', message = 'you may look at your own jobs only';
  end if;
  if _filter ->> 'user_email' is not null then
    v_read.user_id := coalesce((select u.id from auth.users u where u.email = lower(_filter ->> 'user_email') and not u.is_sso_user),
      '00000000-0000-0000-0000-000000000000');
  end if;
  v_read.user_id := coalesce(v_visible, v_read.user_id);
  return v_read;
exception when data_exception then
  raise exception using errcode = 'JQ422', message = 'a value in the filter has the wrong type: ' || sqlerrm;
end
$$;
comment on function private.read_board_filter(jsonb, jsonb) is
  'Reads a filter and binds it to what the caller may see. Raises JQ401, JQ403, JQ422.';

-- The names with a row in job_config, and those of which there are jobs, found by skipping through an index; of
-- these the first 300, because any user may make up names.
create function private.names_of_jobs() returns setof text
language plpgsql stable security invoker set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
begin
  return query
  with recursive names (name) as (
    (select j.job_name from public.job j order by j.job_name limit 1)
    union all
    select (select j.job_name from public.job j where j.job_name > n.name order by j.job_name limit 1)
    from names n where n.name is not null
  )
  select c.job_name from public.job_config c
  union
  (select n.name from names n where n.name is not null limit 300);
end
$$;
comment on function private.names_of_jobs() is 'The names with a row in job_config, and the first 300 of which there are jobs.';

-- The ids of the newest jobs that fit the filter, newest first, at most _limit. It looks at no more than _examine
-- jobs that fit all but what only the row can tell (for a user's jobs: state, name, error and body; else error and
-- body). end_at, end_id: the key of the last job it looked at, null if it has seen all there are.
create function private.find_jobs(
  _filter private.board_filter, _limit integer, _examine integer,
  out ids uuid[], out end_at timestamptz, out end_id uuid
)
language plpgsql stable security invoker set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_states text[] := coalesce(_filter.states, '{pending,running,completed,failed,canceled}');
begin
  if _filter.user_id is not null then
    select array_agg(f.id order by f.created_at desc, f.id desc) into ids from (
      select j.id, j.created_at
      from (select * from public.job o
        where o.user_id = _filter.user_id and o.created_at >= _filter.created_from
          and o.created_at <= _filter.before_at and (o.created_at < _filter.before_at or o.id < _filter.before_id)
        order by o.created_at desc, o.id desc limit _examine) j
      where j.state = any (v_states) and (_filter.job_name is null or j.job_name = _filter.job_name)
        and (_filter.error is null or strpos(lower(j.last_error), lower(_filter.error)) > 0)
        and (_filter.body is null or (pg_column_size(j.request_body) <= 65536 and j.request_body @> _filter.body))
      order by j.created_at desc, j.id desc limit _limit) f;
    if coalesce(cardinality(ids), 0) < _limit then
      select o.created_at, o.id into end_at, end_id from public.job o
      where o.user_id = _filter.user_id and o.created_at >= _filter.created_from
        and o.created_at <= _filter.before_at and (o.created_at < _filter.before_at or o.id < _filter.before_id)
      order by o.created_at desc, o.id desc offset _examine - 1 limit 1;
    end if;
    return;
  end if;
  with names as (
    select _filter.job_name as name where _filter.job_name is not null
    union all
    select n from private.names_of_jobs() n where _filter.job_name is null
  ), listed as (
    select l.created_at, l.id, row_number() over (order by l.created_at desc, l.id desc) as place
    from names n cross join unnest(v_states) as s (state) cross join lateral (
      select o.created_at, o.id from public.job o
      where o.job_name = n.name and o.state = s.state and o.created_at >= _filter.created_from
        and o.created_at <= _filter.before_at and (o.created_at < _filter.before_at or o.id < _filter.before_id)
      order by o.created_at desc, o.id desc limit _examine) l
    order by l.created_at desc, l.id desc limit _examine
  )
  select array_agg(l.id order by l.place) filter (where l.fits), max(l.created_at) filter (where l.place = _examine),
    (array_agg(l.id) filter (where l.place = _examine))[1]
  into ids, end_at, end_id
  from (
    select l.*, _filter.error is null and _filter.body is null or exists (
      select from public.job j where j.id = l.id
        and (_filter.error is null or strpos(lower(j.last_error), lower(_filter.error)) > 0)
        and (_filter.body is null or (pg_column_size(j.request_body) <= 65536 and j.request_body @> _filter.body))
    ) as fits
    from listed l) l;
  if cardinality(ids) >= _limit then
    ids := ids[1:_limit];
    end_at := null;
    end_id := null;
  end if;
end
$$;
comment on function private.find_jobs(private.board_filter, integer, integer) is
  'Ids of the newest jobs that fit a filter, and how far it looked.';

-- How many jobs fit the filter, by each of its states, each up to 10,001: {STATE: n, cap, partial}. partial: the bound
-- of what is looked at was met, 5,000 of a user's jobs, 500 for error and body.
create function private.count_by_state(_filter private.board_filter) returns jsonb
language plpgsql stable security invoker set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_names text[];
  v_found record;
  v_counts jsonb;
  v_partial boolean := false;
begin
  if _filter.error is not null or _filter.body is not null then
    v_found := private.find_jobs(_filter, 501, 500);
    select jsonb_object_agg(s.state, (select count(*) from public.job j where j.id = any (v_found.ids) and j.state = s.state))
    into v_counts from unnest(_filter.states) as s (state);
    v_partial := v_found.end_at is not null;
  elsif _filter.user_id is not null then
    with own as materialized (
      select o.state, o.job_name from public.job o
      where o.user_id = _filter.user_id and o.created_at >= _filter.created_from
        and o.created_at <= _filter.before_at and (o.created_at < _filter.before_at or o.id < _filter.before_id)
      order by o.created_at desc limit 5001
    )
    select jsonb_object_agg(s.state, (select count(*) from own o
        where o.state = s.state and (_filter.job_name is null or o.job_name = _filter.job_name))),
      (select count(*) from own) > 5000
    into v_counts, v_partial from unnest(_filter.states) as s (state);
  else
    v_names := case when _filter.job_name is null then array(select private.names_of_jobs()) else array[_filter.job_name] end;
    select jsonb_object_agg(s.state, (
      select count(*) from (
        select from unnest(v_names) as n (name) cross join lateral (
          select from public.job j where j.job_name = n.name and j.state = s.state
            and j.created_at >= _filter.created_from and j.created_at <= _filter.before_at
            and (j.created_at < _filter.before_at or j.id < _filter.before_id)
          order by j.created_at desc limit 10001) l
        limit 10001) c))
    into v_counts from unnest(_filter.states) as s (state);
  end if;
  return coalesce(v_counts, '{}') || jsonb_build_object('cap', 10000, 'partial', v_partial);
end
$$;
comment on function private.count_by_state(private.board_filter) is 'How many jobs fit a filter, by state, up to 10,000 each.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
