-- Part 10: reading pg_net's answers. Only responses whose request id is that of an unanswered attempt of
-- ours are read and deleted. A response is one attempt's: the request id finds the attempt, the echoed
-- X-Correlation-ID must be its job, and an attempt that has started reports by itself.

-- The value of a header whose name may be written in any case; null if it is not there.
create function private.header(_headers jsonb, _name text) returns text
language plpgsql immutable security invoker set search_path = ''
as $$
begin
  return (
    select h.value from jsonb_each_text(case when jsonb_typeof(_headers) = 'object' then _headers else '{}' end) h
    where lower(h.key) = lower(_name) limit 1
  );
end
$$;
comment on function private.header(jsonb, text) is 'A header''s value, its name in any case.';

-- A text as jsonb, or null if it is not JSON that fits (64 KiB).
create function private.json_result(_content text) returns jsonb
language plpgsql immutable security invoker set search_path = ''
as $$
begin
  if octet_length(_content) > 65536 then
    return null;
  end if;
  return _content::jsonb;
exception when others then
  return null;
end
$$;
comment on function private.json_result(text) is 'A JSON answer of at most 64 KiB, else null.';

-- A Retry-After header (seconds, or an HTTP date) as an interval; null if it is neither.
create function private.retry_after(_value text) returns interval
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  if _value is null then
    return null;
  elsif _value ~ '^\s*[0-9]{1,9}\s*$' then
    return make_interval(secs => _value::integer);
  end if;
  return greatest(_value::timestamptz - private.now(), interval '0');
exception when others then
  return null;
end
$$;
comment on function private.retry_after(text) is 'Delay that a Retry-After header asks for, or null.';

-- Why an answer without our headers failed, in words.
create function private.gateway_problem(_job_name text, _status integer, _timed_out boolean, _error text) returns text
language sql immutable security invoker set search_path = ''
as $$
  select case
    when _timed_out then 'no answer in time: ' || coalesce(_error, 'the request timed out')
    when _status is null then 'no connection to the function: ' || coalesce(_error, 'unknown error')
    when _status in (401, 403) then format('the gateway answered %s, the token was refused: check Vault app.jwt_secret', _status)
    when _status = 404 then format('no function named %s is deployed (404)', _job_name)
    when _status = 503 then 'the function could not boot (503): see its logs'
    when _status = 504 then 'the function did not answer within the gateway''s limit (504)'
    when _status = 546 then 'the function was stopped at its CPU, memory or wall-clock limit (546)'
    else format('the gateway answered %s without the headers of a job', _status)
  end
$$;
comment on function private.gateway_problem(text, integer, boolean, text) is 'The cause of a failed ring, in words.';

-- Ends or keeps one attempt by its response. The caller has locked the job's row.
create function private.apply_response(_job public.job, _response net._http_response) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_job_header text := private.header(_response.headers, 'X-Job');
  v_id_header text := private.header(_response.headers, 'X-Correlation-ID');
  v_ours boolean := v_job_header is not null and lower(v_id_header) = _job.id::text;
  v_status integer := _response.status_code;
  v_content text := left(_response.content, 500);
  v_missing text;
begin
  if v_ours and v_status = 202 then
    update private.job_attempt a
    set lease_expires_at = private.now()
      + make_interval(secs => (private.job_config_of(_job.job_name)).lease_seconds)
    where a.job_id = _job.id and a.attempt = _job.attempt and a.started_at is null;
  elsif v_ours and v_status in (200, 201, 204) then
    perform private.end_attempt(_job, _job.attempt, 'completed', null,
      private.json_result(_response.content), null, v_status);
  elsif v_ours then
    perform private.end_attempt(_job, _job.attempt,
      case when lower(private.header(_response.headers, 'X-Job-Retry')) = 'never' then 'failed_permanently'
        else 'failed' end,
      format('the function answered %s', v_status) || coalesce(': ' || nullif(v_content, ''), ''), null,
      private.retry_after(private.header(_response.headers, 'Retry-After')), v_status);
  elsif v_status between 200 and 299 then
    v_missing := concat_ws(' and ', case when v_job_header is null then 'X-Job' end,
      case when lower(v_id_header) is distinct from _job.id::text then 'X-Correlation-ID' end);
    perform private.end_attempt(_job, _job.attempt, 'failed_permanently',
      format('the function answered %s but did not echo %s', v_status, v_missing), null, null, v_status);
  else
    perform private.end_attempt(_job, _job.attempt, 'failed', private.gateway_problem(
      _job.job_name, v_status, _response.timed_out, _response.error_msg), null,
      private.retry_after(private.header(_response.headers, 'Retry-After')), v_status);
  end if;
end
$$;
comment on function private.apply_response(public.job, net._http_response) is 'What one answer means for its attempt.';

-- Called by pg_cron without arguments: reads the answers to our rings, ends the attempts they are for,
-- deletes them, and if jobs ended lets run_jobs fill their slots. Each answer stands alone: one that cannot
-- be processed fails its own job and no other. pg_net's ids begin again when its unlogged tables come back
-- empty: an answer is that of a ring of the same life (private.net_life) and the newest of its id; an older one
-- was lost. Returns how many it read.
create function private.process_jobs() returns integer
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_answer record;
  v_job public.job;
  v_read integer := 0;
  v_ended boolean := false;
begin
  for v_answer in
    select a.job_id, a.attempt, r as response
    from private.job_attempt a
    join net._http_response r on r.id = a.request_id
    where a.request_id is not null and a.responded_at is null and r.created >= a.rung_at - interval '1 minute'
      and a.net_life = (select n.id from private.net_life n)
      -- Others' responses, of six hours, are passed over by the index on created.
      and r.created >= (select min(u.rung_at) from private.job_attempt u
        where u.request_id is not null and u.responded_at is null) - interval '1 minute'
      and not exists (select from private.job_attempt newer where newer.request_id = a.request_id
        and newer.responded_at is null and newer.rung_at > a.rung_at)
    order by r.id limit 2000
  loop
    select * into v_job from public.job j where j.id = v_answer.job_id for update skip locked;
    continue when not found;
    update private.job_attempt a set responded_at = private.now()
    where a.job_id = v_answer.job_id and a.attempt = v_answer.attempt and a.responded_at is null;
    continue when not found;
    begin
      if exists (select from private.job_attempt a where a.job_id = v_job.id and a.attempt = v_answer.attempt
        and a.attempt = v_job.attempt and a.finished_at is null and a.started_at is null)
      then
        perform private.apply_response(v_job, v_answer.response);
        v_ended := true;
      end if;
    exception when others then
      raise warning 'process_jobs: job %: %', v_job.id, sqlerrm;
      begin
        perform private.end_attempt(v_job, v_answer.attempt, 'failed', 'its answer could not be read: ' || sqlerrm);
      exception when others then
        raise warning 'process_jobs: job % is left to its lease: %', v_job.id, sqlerrm;
      end;
    end;
    delete from net._http_response r where r.id = (v_answer.response).id and r.created = (v_answer.response).created;
    v_read := v_read + 1;
  end loop;
  if v_ended then
    perform private.run_jobs();
  end if;
  return v_read;
end
$$;
comment on function private.process_jobs() is 'Reads pg_net''s answers to our rings and ends their attempts. Returns how many.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
