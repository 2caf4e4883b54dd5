-- Part 13: explain_job, one sentence that says why a job is in its state and what happens next.

-- Why a due job has not been rung yet.
create function private.explain_waiting(_job public.job) returns text
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_config public.job_config := private.job_config_of(_job.job_name);
  v_user auth.users;
  v_running integer;
  v_holder record;
  v_ahead integer;
begin
  if private.setup_problem() is not null then
    return 'waiting: ' || private.setup_problem();
  elsif not v_config.enabled then
    return format('waiting: %s is disabled in job_config', _job.job_name);
  end if;
  select * into v_user from auth.users u where u.id = _job.user_id;
  if v_user.deleted_at is not null then
    return format('waiting: its user was deleted at %s; it will be canceled', v_user.deleted_at);
  elsif v_user.banned_until > v_now then
    return format('waiting: its user is banned until %s', v_user.banned_until);
  end if;

  select count(*), min(j.locked_at) as since, (array_agg(j.id order by j.locked_at))[1] as id into v_holder
  from public.job j where j.state = 'running' and j.job_name = _job.job_name and j.lane = _job.lane;
  v_running := v_holder.count;
  if v_running >= v_config.concurrency_limit then
    return format('waiting: %s of %s slots of %s %s taken by job %s since %s', v_running, v_config.concurrency_limit,
      _job.job_name, case when v_running = 1 then 'is' else 'are' end, v_holder.id, v_holder.since);
  elsif v_config.global_concurrency_limit <= (select count(*) from public.job j
    where j.state = 'running' and j.job_name = _job.job_name)
  then
    return format('waiting: all %s slots that %s has for all users together are taken',
      v_config.global_concurrency_limit, _job.job_name);
  elsif v_config.rate_limit <= (select count(*) from private.job_start s
    where s.job_name = _job.job_name and s.started_at > v_now - v_config.rate_period)
  then
    return format('waiting: %s started %s times within %s, its rate_limit', _job.job_name, v_config.rate_limit,
      v_config.rate_period);
  elsif private.ring_budget() < 1 then
    return 'waiting: 200 rings are in flight, as many as pg_net sends at once';
  elsif private.ring_budget_of(_job.job_name) < 1 then
    return format('waiting: 150 rings are in flight, and the last 50 are for names with a row in job_config; %s has none',
      _job.job_name);
  end if;
  v_ahead := (select count(*) from (select from public.job j
    where j.state = 'pending' and j.next_run_at is null and j.job_name = _job.job_name and j.lane = _job.lane
      and (j.priority > _job.priority
        or j.priority = _job.priority and (j.created_at, j.id) < (_job.created_at, _job.id)) limit 1000) ahead);
  return case when v_ahead = 0 then 'due: it is rung with the next tick, within seconds'
    else format('due: %s%s jobs of the same lane are before it', case when v_ahead = 1000 then 'at least ' else '' end,
      v_ahead) end;
end
$$;
comment on function private.explain_waiting(public.job) is 'Why a due job has not been rung yet.';

-- What a running job's attempt is doing.
create function private.explain_running(_job public.job) returns text
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_attempt private.job_attempt;
begin
  select * into v_attempt from private.job_attempt a
  where a.job_id = _job.id and a.attempt = _job.attempt and a.finished_at is null;
  if v_attempt.job_id is null then
    return 'running without an attempt (the row was imported or edited): it counts as failed 15 minutes after '
      || _job.locked_at;
  elsif v_attempt.started_at is not null then
    return case when _job.cancel_requested_at is null then 'running'
        else format('stopping: asked at %s, its function hears it at its next heartbeat', _job.cancel_requested_at) end
      || format(': attempt %s since %s, last heard of at %s; it counts as failed if silent until %s', _job.attempt,
      v_attempt.started_at, coalesce(v_attempt.heartbeat_at, v_attempt.started_at), v_attempt.lease_expires_at);
  elsif exists (select from net.http_request_queue q where q.id = v_attempt.request_id) then
    return format('running: pg_net has had its ring since %s', v_attempt.rung_at)
      || case when v_now - v_attempt.rung_at > interval '3 minutes'
        then ' and not finished it: is the pg_net worker up? select net.worker_restart()'
        else ' and is sending it or waiting for the answer' end;
  end if;
  return format('running: attempt %s was rung at %s and its function has not reported; it counts as failed if silent until %s',
    _job.attempt, v_attempt.rung_at, v_attempt.lease_expires_at);
end
$$;
comment on function private.explain_running(public.job) is 'What a running job''s attempt is doing.';

-- One sentence: why this job is in the state it is in, and what will happen next.
-- Takes a job of the caller (servers and operators: any). Raises JQ401, JQ404. Security definer: it reads private tables.
create function public.explain_job(_job_id uuid) returns text
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_user_id uuid := private.visible_user();
  v_job public.job;
  v_last_tick timestamptz := (select d.last_run_at from private.dispatcher d);
begin
  select * into v_job from public.job j where j.id = _job_id and (v_user_id is null or j.user_id = v_user_id);
  if not found then
    raise exception using errcode = 'JQ404', message = format('you have no job %s', coalesce(_job_id::text, 'null'));
  end if;
  case v_job.state
    when 'completed' then
      return format('completed at %s with attempt %s', v_job.finished_at, v_job.attempt);
    when 'failed' then
      return format('failed at %s after %s of %s tries: %s; retry_job queues it again', v_job.finished_at,
        v_job.retries, v_job.max_retries, coalesce(v_job.last_error, 'no reason was given'));
    when 'canceled' then
      return format('canceled at %s%s; retry_job queues it again', v_job.finished_at,
        coalesce(': ' || v_job.last_error, ''));
    when 'running' then
      return private.explain_running(v_job);
    else
      if v_job.next_run_at > v_now then
        return case when v_job.retries > 0
          then format('retry %s of %s in %s: %s', v_job.retries + 1, v_job.max_retries,
            date_trunc('second', v_job.next_run_at - v_now), v_job.last_error)
          else format('delayed until %s, for %s more', v_job.next_run_at, date_trunc('second', v_job.next_run_at - v_now)) end;
      elsif v_last_tick is null then
        return 'waiting: the dispatcher has never run: is pg_cron up? select * from cron.job';
      elsif v_now - v_last_tick > interval '1 minute' then
        return format('waiting: the dispatcher has not run for %s: is pg_cron up?', date_trunc('second', v_now - v_last_tick));
      end if;
      return private.explain_waiting(v_job);
  end case;
end
$$;
comment on function public.explain_job(uuid) is
  'Why this job is in the state it is in, and what happens next, in one sentence. Raises JQ401, JQ404.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
revoke all on function public.explain_job(uuid) from public, anon, authenticated, service_role;
grant execute on function public.explain_job(uuid) to anon, authenticated, service_role;
