-- Part 17: when a cron expression comes next, in any time zone. For job_schedule.
--
-- Cron: minute hour day-of-month month day-of-week; *, lists, ranges, steps, names; Sunday is 0 or 7. If both
-- days are restricted, either will do. When clocks go forward, a time that does not exist comes that much
-- later; when they go back, a time that comes twice is taken the first time only, unless the hour is *.

-- One field of a cron expression as the values it allows, in order. Raises JQ422 with the field's name.
create function private.cron_field(_field text, _what text, _min integer, _max integer, _names text[] default '{}')
returns integer[]
language plpgsql immutable security invoker set search_path = ''
as $$
declare
  v_part text;
  v_match text[];
  v_bounds integer[];
  v_step integer;
  v_values integer[] := '{}';
begin
  foreach v_part in array string_to_array(lower(_field), ',') loop
    v_match := regexp_match(v_part, '^(\*|[0-9]{1,2}|[a-z]{3})(?:-([0-9]{1,2}|[a-z]{3}))?(?:/([0-9]{1,2}))?$');
    v_step := coalesce(v_match[3], '1')::integer;
    select array_agg(case when b.word ~ '^[0-9]+$' then b.word::integer else array_position(_names, b.word) + _min - 1 end
      order by b.place)
    into v_bounds from unnest(v_match[1:2]) with ordinality b (word, place) where b.word is not null and b.word <> '*';
    if v_match is null or v_step < 1 or (v_match[1] = '*' and v_match[2] is not null) or array_position(v_bounds, null) > 0
      or v_bounds[1] < _min or greatest(v_bounds[1], v_bounds[2]) > _max + (_what = 'day of week')::integer
      or v_bounds[1] > v_bounds[2]
    then
      raise exception using errcode = 'JQ422', message = format('%L is not a value of the field %s', v_part, _what),
        hint = format('Expected *, or numbers from %s to %s, as lists, ranges (1-5) or steps (*/5).', _min, _max);
    end if;
    v_values := v_values || array(select generate_series(coalesce(v_bounds[1], _min), coalesce(v_bounds[2],
      case when v_match[1] = '*' or v_match[3] is not null then _max else v_bounds[1] end), v_step));
  end loop;
  return array(select distinct case when _what = 'day of week' then v % 7 else v end from unnest(v_values) v order by 1);
end
$$;
comment on function private.cron_field(text, text, integer, integer, text[]) is 'The values that a cron field allows (JQ422).';

-- How far a zone's clocks are ahead of UTC when a day begins there.
create function private.zone_offset(_day date, _time_zone text) returns interval
language sql stable security invoker set search_path = ''
as $$ select _day::timestamp - (_day::timestamp at time zone _time_zone) at time zone 'UTC' $$;
comment on function private.zone_offset(date, text) is 'How far a zone''s clocks are ahead of UTC at midnight.';

-- The first time of a cron expression after a moment. Raises JQ422 for an expression that is wrong, or
-- that has no time within nine years (a leap day may be eight years away).
create function private.next_cron_time(_cron text, _time_zone text, _after timestamptz) returns timestamptz
language plpgsql stable security invoker set search_path = ''
as $$
declare
  v_fields text[] := regexp_split_to_array(btrim(_cron), '\s+');
  v_minutes integer[];
  v_hours integer[];
  v_days integer[];
  v_months integer[];
  v_weekdays integer[];
  v_first date := (_after at time zone _time_zone)::date - 1;
  v_day date;
  v_time timestamptz;
  v_best timestamptz;
begin
  if cardinality(v_fields) <> 5 then
    raise exception using errcode = 'JQ422',
      message = format('%L has %s fields, a cron expression has 5', left(_cron, 100), cardinality(v_fields)),
      hint = 'minute hour day-of-month month day-of-week, for example: 30 8 * * mon-fri';
  end if;
  v_minutes := private.cron_field(v_fields[1], 'minute', 0, 59);
  v_hours := private.cron_field(v_fields[2], 'hour', 0, 23);
  v_days := private.cron_field(v_fields[3], 'day of month', 1, 31);
  v_months := private.cron_field(v_fields[4], 'month', 1, 12, '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}');
  v_weekdays := private.cron_field(v_fields[5], 'day of week', 0, 6, '{sun,mon,tue,wed,thu,fri,sat}');

  for v_offset in 0..3290 loop
    v_day := v_first + v_offset;
    continue when extract(month from v_day) <> all (v_months)
      or case when v_fields[3] = '*' or v_fields[5] = '*'
        then extract(day from v_day) <> all (v_days) or extract(dow from v_day) <> all (v_weekdays)
        else extract(day from v_day) <> all (v_days) and extract(dow from v_day) <> all (v_weekdays) end;
    -- Far from a change of the clocks a day's times are those on the wall.
    if private.zone_offset(v_day - 1, _time_zone) = private.zone_offset(v_day + 2, _time_zone) then
      select min(w.local) at time zone _time_zone into v_time
      from unnest(v_hours) h, unnest(v_minutes) m, lateral (select v_day + make_interval(hours => h, mins => m)) w (local)
      where w.local > _after at time zone _time_zone;
      v_best := least(v_best, v_time);
      exit when v_best is not null;
      continue;
    end if;
    -- Of a time that comes twice Postgres gives the second: the first is earlier by what the clocks go back.
    select min(i.at) into v_time
    from (
      select w.local, w.local at time zone _time_zone as second
      from unnest(v_hours) h, unnest(v_minutes) m, lateral (select v_day + make_interval(hours => h, mins => m)) w (local)
    ) s
    cross join lateral (
      select min(s.second - b.back) as first from unnest('{0,30 min,1 h,2 h}'::interval[]) b (back)
      where b.back = interval '0' or (s.second - b.back) at time zone _time_zone = s.local
    ) f
    cross join lateral (values (f.first), (case when v_fields[2] = '*' then s.second end)) i (at)
    where i.at > _after;
    v_best := least(v_best, v_time);
    -- A time that the clocks skipped at midnight is one of the next day's.
    exit when (v_best at time zone _time_zone)::date <= v_day;
  end loop;
  if v_best is null then
    raise exception using errcode = 'JQ422', message = format('%L has no time within nine years', left(_cron, 100));
  end if;
  return v_best;
end
$$;
comment on function private.next_cron_time(text, text, timestamptz) is
  'The first time of a cron expression after a moment (JQ422).';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
