-- Part 25: one job on the board: its attempts, its log, why it is as it is, and run again. No token, no
-- authorization header and no request id of pg_net is in any answer.

-- A job that the caller may see. Raises JQ401, JQ404 (the same for one that is not there and for another's).
create function private.visible_job(_job_id uuid) returns public.job
language plpgsql stable security invoker set search_path = ''
as $$
declare
  v_user_id uuid := private.visible_user();
  v_job public.job;
begin
  select * into v_job from public.job j where j.id = _job_id and (v_user_id is null or j.user_id = v_user_id);
  if not found then
    raise exception using errcode = 'JQ404', message = format('you have no job %s', coalesce(_job_id::text, 'null'));
  end if;
  return v_job;
end
$$;
comment on function private.visible_job(uuid) is 'A job that the caller may see; JQ404 if there is none.';

-- Lines of a job's log, ascending: the last _limit, or those before or after a line's id. Returns {lines, more}.
-- Raises JQ401, JQ404, JQ422. Called by signed-in users and servers.
create function public.board_logs(
  _job_id uuid, _before bigint default null, _after bigint default null, _limit integer default 100
) returns jsonb
language plpgsql stable security definer set search_path = '' set enable_seqscan = off set enable_bitmapscan = off
as $$
declare
  v_job public.job := private.visible_job(_job_id);
begin
  if _limit is null or _limit not between 1 and 500 or num_nonnulls(_before, _after) > 1 then
    raise exception using errcode = 'JQ422', message = 'expected a limit of 1 to 500, and before or after or neither';
  end if;
  return (
    with found as (
      (select l.* from public.job_logs l where _after is null and l.job_id = v_job.id
        and l.id < coalesce(_before, 9223372036854775807) order by l.id desc limit _limit + 1)
      union all
      (select l.* from public.job_logs l where l.job_id = v_job.id and l.id > _after order by l.id limit _limit + 1)
    ), placed as (
      select f.*, row_number() over (order by case when _after is null then -f.id else f.id end) as place from found f
    )
    select jsonb_build_object('more', count(*) > _limit, 'lines', coalesce(jsonb_agg(jsonb_build_object('id', p.id,
      'created_at', p.created_at, 'level', p.log_level, 'source', p.source, 'message', p.log_message) order by p.id)
      filter (where p.place <= _limit), '[]'))
    from placed p);
end
$$;
comment on function public.board_logs(uuid, bigint, bigint, integer) is
  'Lines of the log of a job the caller may see, ascending by id: {lines, more}. Raises JQ401, JQ404, JQ422.';

-- All about one job: {job, explanation, attempts, attempts_total, steps, logs, schedule, may}.
-- Raises JQ401, JQ404. Called by signed-in users and servers.
create function public.board_job(_job_id uuid) returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
declare
  v_job public.job := private.visible_job(_job_id);
  v_all boolean := private.visible_user() is null;
begin
  return jsonb_build_object(
    'job', private.job_as_json(v_job, v_all) || jsonb_build_object('last_error', v_job.last_error,
      'request_body', v_job.request_body, 'result', v_job.result),
    'explanation', public.explain_job(v_job.id),
    'attempts', (select coalesce(jsonb_agg(jsonb_build_object('attempt', a.attempt, 'handed_over', a.request_id is null,
        'rung_at', a.rung_at, 'started_at', a.started_at, 'heartbeat_at', a.heartbeat_at,
        'lease_expires_at', a.lease_expires_at, 'responded_at', a.responded_at, 'finished_at', a.finished_at,
        'outcome', a.outcome, 'status_code', a.status_code, 'error', a.error) order by a.attempt desc), '[]')
      from (select * from private.job_attempt t where t.job_id = v_job.id order by t.attempt desc limit 100) a),
    'attempts_total', v_job.attempt,
    'steps', (select coalesce(jsonb_agg(jsonb_build_object('name', s.name, 'created_at', s.created_at) order by s.created_at), '[]')
      from (select * from private.job_step t where t.job_id = v_job.id order by t.created_at limit 100) s),
    'logs', public.board_logs(v_job.id),
    'schedule', (select jsonb_build_object('id', s.id, 'name', s.name, 'cron', s.cron, 'every', s.every, 'time_zone', s.time_zone)
      from public.job_schedule s where s.user_id is not distinct from v_job.user_id
        and (v_job.unique_key = 'schedule:' || s.id or s.last_job_id = v_job.id) limit 1),
    'may', jsonb_build_object('retry', v_job.state in ('failed', 'canceled'), 'cancel', v_job.state in ('pending', 'running'),
      'delete', v_job.state <> 'running', 'edit', v_job.state = 'pending' and v_job.user_id = auth.uid()));
end
$$;
comment on function public.board_job(uuid) is
  'A job the caller may see, with attempts, steps, log, schedule and explanation. Raises JQ401, JQ404.';

-- Queues a job as this one was: the same name, user, priority and tries, and its body or the given one. Operators may
-- for any job, for one without a user only with its own body; both logs say who did it. Returns the new job's id. Raises JQ401, JQ403, JQ404, JQ413, JQ422, JQ429.
create function public.board_run_again(_job_id uuid, _request_body jsonb default null) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_job public.job := private.visible_job(_job_id);
  v_id uuid;
  v_how text;
begin
  if v_job.user_id is null and _request_body <> v_job.request_body and auth.uid() is not null then
    raise exception using errcode = 'JQ403', message = 'a job without a user runs again only with its own body',
      hint = 'Its function works with the service role: queue another one from the SQL editor.';
  end if;
  v_id := private.queue_job_for_user(v_job.user_id, v_job.job_name, coalesce(_request_body, v_job.request_body),
    v_job.max_retries, null, v_job.priority);
  v_how := private.by_operator(v_job.user_id) || case when _request_body <> v_job.request_body then ' with another body' else '' end;
  perform private.log(v_id, format('Runs job %s again%s.', v_job.id, v_how)),
    private.log(v_job.id, format('Run again as job %s%s.', v_id, v_how));
  return v_id;
end
$$;
comment on function public.board_run_again(uuid, jsonb) is
  'Queues a job as this one was, with its body or another; returns the new id. Raises JQ401, JQ403, JQ404, JQ413, JQ422, JQ429.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
revoke all on function public.board_logs(uuid, bigint, bigint, integer), public.board_job(uuid),
  public.board_run_again(uuid, jsonb) from public, anon, authenticated, service_role;
grant execute on function public.board_logs(uuid, bigint, bigint, integer), public.board_job(uuid),
  public.board_run_again(uuid, jsonb) to anon, authenticated, service_role;
