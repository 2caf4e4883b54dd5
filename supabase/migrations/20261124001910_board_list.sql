-- Part 21: what the board's list calls.

-- A job as the board shows it: no body, no result. _with_user: its user's e-mail address, for operators.
create function private.job_as_json(_job public.job, _with_user boolean) returns jsonb
language plpgsql stable security invoker set search_path = ''
as $$
begin
  return jsonb_build_object('id', _job.id, 'job_name', _job.job_name, 'user_id', _job.user_id,
    'user_email', case when _with_user then (select u.email from auth.users u where u.id = _job.user_id) end,
    'state', _job.state, 'created_at', _job.created_at, 'updated_at', _job.updated_at, 'last_run_at', _job.last_run_at,
    'next_run_at', _job.next_run_at, 'locked_at', _job.locked_at, 'finished_at', _job.finished_at,
    'cancel_requested_at', _job.cancel_requested_at, 'retries', _job.retries, 'max_retries', _job.max_retries,
    'attempt', _job.attempt, 'priority', _job.priority, 'unique_key', _job.unique_key, 'progress', _job.progress,
    'last_error', left(_job.last_error, 500));
end
$$;
comment on function private.job_as_json(public.job, boolean) is 'A job as the board''s list shows it.';

-- A page of the jobs that the caller may see, newest first by (created_at, id).
-- _filter: {states, job_name, user_id, user_email, created_from, created_to, error, body}, each optional.
-- _before: next of the page before. Returns {jobs, next, searched_to}: next null on the last page; searched_to: a
-- time, if the call stopped looking there (500 jobs for error and body, 5,000 of a user) and next goes on.
-- Raises JQ401, JQ403, JQ422. Called by signed-in users and servers.
create function public.board_jobs(_filter jsonb default '{}', _limit integer default 50, _before jsonb default null)
returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  v_filter private.board_filter := private.read_board_filter(_filter, _before);
  v_all boolean := private.visible_user() is null;
  v_examine integer := case when v_filter.error is not null or v_filter.body is not null then 500
    when v_filter.user_id is not null then 5000 else least(_limit, 200) + 1 end;
  v_found record;
  v_rows jsonb;
  v_last jsonb;
begin
  if _limit is null or _limit not between 1 and 200 then
    raise exception using errcode = 'JQ422', message = format('limit is %s, expected 1 to 200', coalesce(_limit::text, 'null'));
  end if;
  v_found := private.find_jobs(v_filter, _limit + 1, v_examine);
  select coalesce(jsonb_agg(private.job_as_json(j, v_all) order by f.place), '[]'),
    jsonb_build_object('created_at', max(j.created_at) filter (where f.place = _limit), 'id', v_found.ids[_limit])
  into v_rows, v_last
  from unnest(v_found.ids[1:_limit]) with ordinality f (id, place)
  join public.job j on j.id = f.id and (v_filter.user_id is null or j.user_id = v_filter.user_id);
  if cardinality(v_found.ids) > _limit then
    return jsonb_build_object('jobs', v_rows, 'next', v_last, 'searched_to', null);
  end if;
  return jsonb_build_object('jobs', v_rows, 'searched_to', v_found.end_at, 'next', case when v_found.end_at is not null
    then jsonb_build_object('created_at', v_found.end_at, 'id', v_found.end_id) end);
end
$$;
comment on function public.board_jobs(jsonb, integer, jsonb) is
  'A page of the jobs the caller may see, newest first: {jobs, next, searched_to}. Raises JQ401, JQ403, JQ422.';

-- How many of the caller's jobs fit the filter (its states are ignored), by state. A value above 10,000 is 10,001.
-- partial: not all were looked at, for the same bounds as board_jobs. Raises JQ401, JQ403, JQ422.
create function public.board_counts(_filter jsonb default '{}') returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  v_filter private.board_filter := private.read_board_filter(_filter);
begin
  v_filter.states := '{pending,running,completed,failed,canceled}';
  return private.count_by_state(v_filter);
end
$$;
comment on function public.board_counts(jsonb) is
  'How many of the jobs the caller may see fit a filter, by state, up to 10,000 each. Raises JQ401, JQ403, JQ422.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
revoke all on function public.board_jobs(jsonb, integer, jsonb), public.board_counts(jsonb)
  from public, anon, authenticated, service_role;
grant execute on function public.board_jobs(jsonb, integer, jsonb), public.board_counts(jsonb)
  to anon, authenticated, service_role;
