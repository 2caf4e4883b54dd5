-- What the fuzzer sees without asking the engine: triggers that note each change with the case that made it,
-- and each step that the invariants forbid. Only for a database of the fuzzer's own.
create schema fuzz;

-- Each change of a row: in which case, of which table, whose row it is.
create table fuzz.change (
  case_number integer, what text, op text, user_id uuid, job_id uuid, new_state text);
-- What an invariant forbids, with its number in docs/reliability.md.
create table fuzz.fault (case_number integer, invariant integer, what text);
-- The end of each attempt that ran.
create table fuzz.ended (job_id uuid, attempt integer, primary key (job_id, attempt));
-- Jobs that are gone, and in which case they went.
create table fuzz.gone (job_id uuid, user_id uuid, case_number integer);

create function fuzz.case_number() returns integer language sql stable as $$
  select coalesce(nullif(current_setting('fuzz.case', true), '')::integer, -1) $$;
create function fuzz.report(_invariant integer, _what text) returns void language sql security definer as $$
  insert into fuzz.fault values (fuzz.case_number(), _invariant, _what) $$;

create function fuzz.note_job() returns trigger language plpgsql security definer as $$
declare
  v_ended constant text[] := '{completed,failed,canceled}';
  v_outcome text;
begin
  insert into fuzz.change values (fuzz.case_number(), 'job', tg_op, coalesce(new.user_id, old.user_id),
    coalesce(new.id, old.id), new.state);
  if tg_op = 'DELETE' then
    insert into fuzz.gone values (old.id, old.user_id, fuzz.case_number());
    return null;
  elsif tg_op = 'INSERT' then
    return null;
  end if;
  if old.state = any (v_ended) and new.state <> old.state and new.state <> 'pending' then
    perform fuzz.report(2, format('job %s went from %s to %s', new.id, old.state, new.state));
  end if;
  if new.state = 'running' and old.state = 'pending' and new.attempt <> old.attempt + 1 then
    perform fuzz.report(2, format('job %s runs attempt %s after %s', new.id, new.attempt, old.attempt));
  end if;
  if new.user_id is distinct from old.user_id or new.created_at <> old.created_at or new.job_name <> old.job_name then
    perform fuzz.report(9, format('job %s changed its user, name or birth', new.id));
  end if;
  if old.state = 'running' and new.state <> 'running' then
    begin
      if new.state = any (v_ended) then
        insert into fuzz.ended values (new.id, new.attempt);
      end if;
    exception when unique_violation then
      perform fuzz.report(2, format('attempt %s of job %s ended it twice', new.attempt, new.id));
    end;
    v_outcome := (select a.outcome from private.job_attempt a where a.job_id = new.id and a.attempt = old.attempt);
    if v_outcome in ('failed', 'expired', 'failed_permanently') and old.cancel_requested_at is null
      and new.retries <> least(old.retries + 1, new.max_retries)
    then
      perform fuzz.report(3, format('job %s: %s try, retries %s after %s', new.id, v_outcome, new.retries, old.retries));
    elsif v_outcome is null then
      perform fuzz.report(2, format('job %s stopped running, and its attempt has no outcome', new.id));
    end if;
  end if;
  return null;
end $$;
create trigger fuzz_note after insert or update or delete on public.job
  for each row execute function fuzz.note_job();

create function fuzz.note_attempt() returns trigger language plpgsql security definer as $$
begin
  insert into fuzz.change
  select fuzz.case_number(), 'attempt', tg_op, j.user_id, new.job_id, null from public.job j where j.id = new.job_id;
  if tg_op = 'UPDATE' and old.finished_at is not null
    and (old.finished_at, old.outcome, old.error) is distinct from (new.finished_at, new.outcome, new.error)
  then
    perform fuzz.report(2, format('attempt %s of job %s ended as %s, then as %s', new.attempt, new.job_id, old.outcome, new.outcome));
  end if;
  return null;
end $$;
create trigger fuzz_note after insert or update on private.job_attempt
  for each row execute function fuzz.note_attempt();

create function fuzz.note_line() returns trigger language plpgsql security definer as $$
begin
  insert into fuzz.change
  select fuzz.case_number(), tg_table_name, tg_op, j.user_id, new.job_id, null from public.job j where j.id = new.job_id;
  return null;
end $$;
create trigger fuzz_note after insert or update on public.job_logs for each row execute function fuzz.note_line();
create trigger fuzz_note after insert or update on private.job_step for each row execute function fuzz.note_line();

create function fuzz.note_schedule() returns trigger language plpgsql security definer as $$
begin
  insert into fuzz.change
  values (fuzz.case_number(), 'job_schedule', tg_op, coalesce(new.user_id, old.user_id), null, null);
  return null;
end $$;
create trigger fuzz_note after insert or update or delete on public.job_schedule
  for each row execute function fuzz.note_schedule();

create function fuzz.note_config() returns trigger language plpgsql security definer as $$
begin
  insert into fuzz.change values (fuzz.case_number(), 'job_config ' || coalesce(new.job_name, old.job_name), tg_op, null, null, null);
  return null;
end $$;
create trigger fuzz_note after insert or update or delete on public.job_config
  for each row execute function fuzz.note_config();

-- Counts what runs whenever something begins to run: the limits hold at every instant.
create function fuzz.count_running() returns trigger language plpgsql security definer as $$
declare
  v_over record;
begin
  for v_over in
    select n.job_name, n.lane, (private.job_config_of(n.job_name)).*,
      (select count(*) from public.job j where j.state = 'running' and j.job_name = n.job_name and j.lane = n.lane) as of_lane,
      (select count(*) from public.job j where j.state = 'running' and j.job_name = n.job_name) as of_name
    from (select distinct r.job_name, r.lane from after r join before b on b.id = r.id
      where r.state = 'running' and b.state <> 'running') n
  loop
    if v_over.of_lane > v_over.concurrency_limit then
      perform fuzz.report(4, format('%s of %s run in lane %s of %s', v_over.of_lane, v_over.concurrency_limit, v_over.lane, v_over.job_name));
    end if;
    if v_over.of_name > v_over.global_concurrency_limit then
      perform fuzz.report(4, format('%s of %s run of %s', v_over.of_name, v_over.global_concurrency_limit, v_over.job_name));
    end if;
    if not v_over.enabled then
      perform fuzz.report(4, format('%s is disabled, and a job of it begins', v_over.job_name));
    end if;
  end loop;
  return null;
end $$;
create trigger fuzz_count after update on public.job referencing old table as before new table as after
  for each statement execute function fuzz.count_running();

-- Whatever is queued in pg_net is a ring, or a stranger's.
create function fuzz.note_request() returns trigger language plpgsql security definer as $$
declare
  v_claims text := split_part(new.headers ->> 'Authorization', '.', 2);
begin
  if new.url like '%/foreign' then
    return null;
  elsif new.url !~ '^http://127\.0\.0\.1:1/functions/v1/[a-zA-Z][a-zA-Z0-9_-]{0,127}$' then
    perform fuzz.report(9, format('the database would call %s', left(new.url, 200)));
  elsif convert_from(decode(rpad(translate(v_claims, '-_', '+/'), (length(v_claims) + 3) / 4 * 4, '='), 'base64'),
    'UTF8') ~ 'service_role|postgres|supabase_admin'
  then
    perform fuzz.report(9, 'a ring carries a service credential');
  end if;
  return null;
end $$;
create trigger fuzz_note after insert on net.http_request_queue
  for each row execute function fuzz.note_request();

-- Every job can be explained. Faults, by job.
create function fuzz.explain_all() returns void language plpgsql as $$
declare
  v_job record;
begin
  for v_job in select j.id, j.state from public.job j order by j.created_at, j.id limit 150 loop
    begin
      if coalesce(public.explain_job(v_job.id), '') = '' then
        perform fuzz.report(1, format('explain_job has no words for job %s (%s)', v_job.id, v_job.state));
      end if;
    exception when others then
      perform fuzz.report(1, format('explain_job of job %s (%s) raised %s: %s', v_job.id, v_job.state, sqlstate, sqlerrm));
    end;
  end loop;
end $$;
