-- Part 26: retry, cancel or delete many jobs at once. Each job passes through the single function's own rules.

-- Does one action to one job: null if it is done, else why it was skipped. The caller has locked the row.
create function private.apply_action(_action text, _job public.job) returns text
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  if _action = 'retry' then
    return case when not public.retry_job(_job.id) then 'wrong_state' end;
  elsif _action = 'cancel' then
    return case when not public.cancel_job(_job.id) then 'wrong_state' end;
  elsif _job.state = 'running' then
    return 'wrong_state';
  end if;
  if private.by_operator(_job.user_id) <> '' then
    perform private.note_operator_action('delete', _job.job_name, _job.id, format('state: %s, user: %s', _job.state, _job.user_id));
  end if;
  delete from public.job j where j.id = _job.id;
  return null;
exception
  when sqlstate 'JQ409' then
    return 'unique_key';
  when sqlstate 'JQ429' then
    return 'too_many_waiting';
end
$$;
comment on function private.apply_action(text, public.job) is 'Retries, cancels or deletes one job; null, or why not.';

-- Retries, cancels or deletes jobs that the caller may see: those of _ids (at most 1,000), or the newest 1,000 that
-- fit _filter and whose state the action fits. _preview: only counts them, up to 10,001. Returns {action, preview,
-- matching, matching_capped, partial (a bound of what is looked at was met: there may be older ones), cap, done, skipped,
-- remaining}; skipped counts by reason: not_found, wrong_state, unique_key, too_many_waiting, busy. Raises JQ401, JQ403, JQ422. Called by signed-in users and servers.
create function public.board_apply(
  _action text, _ids uuid[] default null, _filter jsonb default null, _preview boolean default false
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_filter private.board_filter := private.read_board_filter(_filter);
  v_fit text[] := case _action when 'retry' then '{failed,canceled}' when 'cancel' then '{pending,running}'
    when 'delete' then '{pending,completed,failed,canceled}' end;
  v_counts jsonb;
  v_partial boolean := false;
  v_ids uuid[];
  v_job public.job;
  v_reason text;
  v_done integer := 0;
  v_locked integer := 0;
  v_matching integer;
  v_skipped jsonb := '{}';
begin
  if v_fit is null then
    raise exception using errcode = 'JQ422', message = 'expected the action retry, cancel or delete';
  elsif _preview is null or num_nonnulls(_ids, _filter) <> 1 or cardinality(_ids) not between 1 and 1000 then
    raise exception using errcode = 'JQ422', message = 'expected either 1 to 1000 ids or a filter';
  end if;

  if _ids is null then
    v_filter.states := array(select unnest(v_fit) intersect select unnest(coalesce(v_filter.states, v_fit)));
    if _preview then
      v_counts := private.count_by_state(v_filter);
      v_matching := least(10001, (select sum((v_counts ->> s)::integer) from unnest(v_filter.states) s));
      v_partial := (v_counts ->> 'partial')::boolean;
    else
      select f.ids, f.end_at is not null into v_ids, v_partial
      from private.find_jobs(v_filter, 1001, case when v_filter.user_id is not null then 20000
        when v_filter.error is null and v_filter.body is null then 1001 else 5000 end) f;
      v_matching := coalesce(cardinality(v_ids), 0);
      v_ids := v_ids[1:1000];
    end if;
  else
    v_ids := array(select distinct i from unnest(_ids) i);
    v_matching := (select count(*) from public.job j where j.id = any (v_ids) and j.state = any (v_fit)
      and (v_filter.user_id is null or j.user_id = v_filter.user_id));
  end if;

  if not _preview then
    for v_job in
      select * from public.job j
      where j.id = any (v_ids) and (v_filter.user_id is null or j.user_id = v_filter.user_id)
      order by j.id for update skip locked
    loop
      v_locked := v_locked + 1;
      v_reason := private.apply_action(_action, v_job);
      if v_reason is null then
        v_done := v_done + 1;
      else
        v_skipped := v_skipped || jsonb_build_object(v_reason, coalesce((v_skipped ->> v_reason)::integer, 0) + 1);
      end if;
    end loop;
    if v_locked < cardinality(v_ids) then
      v_skipped := v_skipped || jsonb_strip_nulls((
        select jsonb_build_object(
          'busy', nullif(count(j.id) - (v_locked - case _action when 'delete' then v_done else 0 end), 0),
          'not_found', nullif(count(*) filter (where j.id is null) - case _action when 'delete' then v_done else 0 end, 0))
        from unnest(v_ids) as i (id)
        left join public.job j on j.id = i.id and (v_filter.user_id is null or j.user_id = v_filter.user_id)));
    end if;
  end if;
  return jsonb_build_object('action', _action, 'preview', _preview, 'matching', v_matching,
    'matching_capped', _ids is null and v_matching > case when _preview then 10000 else 1000 end,
    'partial', v_partial, 'cap', 1000, 'done', v_done, 'skipped', v_skipped,
    'remaining', _ids is null and v_matching > 1000);
end
$$;
comment on function public.board_apply(text, uuid[], jsonb, boolean) is
  'Retries, cancels or deletes up to 1,000 of the jobs the caller may see, or counts them. Raises JQ401, JQ403, JQ422.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
revoke all on function public.board_apply(text, uuid[], jsonb, boolean) from public, anon, authenticated, service_role;
grant execute on function public.board_apply(text, uuid[], jsonb, boolean) to anon, authenticated, service_role;
