-- Part 19: operators. A signed-in user whose app_metadata (which only the service role can write) says
-- {"job_role": "operator"} sees every job and looks after names and schedules. Nothing else makes an operator:
-- user_metadata is the user's own to write, and a job's token carries neither, so no job runs with these rights.

-- Whether the caller is an operator, from the verified token alone. For policies and functions.
create function public.is_job_operator() returns boolean
language sql stable security invoker set search_path = ''
as $$
  select coalesce(auth.uid() is not null and auth.jwt() -> 'app_metadata' ->> 'job_role' = 'operator', false)
$$;
comment on function public.is_job_operator() is
  'True if the caller''s token says so: app_metadata.job_role = operator. Call it as (select is_job_operator()).';

-- Whose jobs the caller may see: a user's own; null: everybody's (operators and servers). Raises JQ401.
create function private.visible_user() returns uuid
language plpgsql stable security invoker set search_path = ''
as $$
declare
  v_caller uuid := private.caller();
begin
  return case when not public.is_job_operator() then v_caller end;
end
$$;
comment on function private.visible_user() is 'The user whose jobs the caller may see; null: all. JQ401 if signed out.';

-- Raises JQ403 for callers who are neither operators nor servers, JQ401 if signed out.
create function private.require_operator() returns void
language plpgsql stable security invoker set search_path = ''
as $$
begin
  if private.visible_user() is not null then
    raise exception using errcode = 'JQ403', message = 'this is for operators',
      hint = 'An operator has {"job_role": "operator"} in app_metadata: see docs/operations.md.';
  end if;
end
$$;
comment on function private.require_operator() is 'JQ403 unless the caller is an operator or a server.';

-- ' by operator …' for the log of another user's job, else nothing.
create function private.by_operator(_user_id uuid) returns text
language plpgsql stable security invoker set search_path = ''
as $$
begin
  if auth.uid() is distinct from _user_id and public.is_job_operator() then
    return ' by operator ' || coalesce(auth.jwt() ->> 'email', auth.uid()::text);
  end if;
  return '';
end
$$;
comment on function private.by_operator(uuid) is 'Names the operator who acts on a job of somebody else, for its log.';

-- What operators did that no job's log can tell: deletions, names, schedules.
create table private.operator_action (
  id bigint generated always as identity primary key,
  created_at timestamptz not null,
  operator_id uuid not null,
  operator_email text,
  action text not null,
  job_name text,
  subject uuid,
  detail text
);
create index operator_action_by_name on private.operator_action (job_name, id);
create index operator_action_by_subject on private.operator_action (subject, id);
comment on table private.operator_action is 'What operators did to names and schedules, and which jobs they deleted. Kept for a year.';
comment on column private.operator_action.id is 'Order of the actions.';
comment on column private.operator_action.created_at is 'When.';
comment on column private.operator_action.operator_id is 'Who; stays when the user is deleted.';
comment on column private.operator_action.operator_email is 'Who, as the token said.';
comment on column private.operator_action.action is 'name, schedule or delete.';
comment on column private.operator_action.job_name is 'The name.';
comment on column private.operator_action.subject is 'The schedule, or the deleted job.';
comment on column private.operator_action.detail is 'What changed.';
alter table private.operator_action enable row level security;
revoke all on private.operator_action from public, anon, authenticated, service_role;
revoke all on sequence private.operator_action_id_seq from public, anon, authenticated, service_role;

-- Notes what an operator did; nothing if the caller is none.
create function private.note_operator_action(_action text, _job_name text, _subject uuid, _detail text) returns void
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  if public.is_job_operator() then
    insert into private.operator_action (created_at, operator_id, operator_email, action, job_name, subject, detail)
    values (private.now(), auth.uid(), auth.jwt() ->> 'email', _action, _job_name, _subject, left(_detail, 2000));
  end if;
end
$$;
comment on function private.note_operator_action(text, text, uuid, text) is 'Notes what an operator did; nothing if the caller is none.';

-- Notes an operator's change of job_config or job_schedule, whichever way it came: column: old → new. Security
-- definer: operators may not write the notes. The columns that an occurrence sets are not in the trigger.
create function private.after_operator_write() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
declare
  v_new jsonb := to_jsonb(new);
  v_old jsonb := to_jsonb(old);
begin
  perform private.note_operator_action(
    case tg_table_name when 'job_config' then 'name' else 'schedule' end, v_new ->> 'job_name', (v_new ->> 'id')::uuid,
    string_agg(format('%s: %s → %s', n.key, coalesce(v_old ->> n.key, 'none'), coalesce(n.value, 'none')), ', ' order by n.key))
  from jsonb_each_text(v_new) n
  where n.value is distinct from v_old ->> n.key and n.key <> 'next_at'
  having count(*) > 0;
  return null;
end
$$;
comment on function private.after_operator_write() is 'Notes an operator''s change of a name or a schedule.';
create trigger job_config_after_write after update on public.job_config
  for each row execute function private.after_operator_write();
create trigger job_schedule_after_write after update of enabled on public.job_schedule
  for each row execute function private.after_operator_write();

-- Users' own jobs stay one range of an index, which `or (select is_job_operator())` would turn into a scan of the
-- whole table. So operators have the widest range. Jobs without a user are in none: board functions show them.
alter policy "users read their own jobs" on public.job rename to "users read their own jobs, operators any user's";
alter policy "users read their own jobs, operators any user's" on public.job using (
  user_id between
    (select case when public.is_job_operator() then '00000000-0000-0000-0000-000000000000' else (select auth.uid()) end)
    and (select case when public.is_job_operator() then 'ffffffff-ffff-ffff-ffff-ffffffffffff' else (select auth.uid()) end));
alter policy "users read the logs of their own jobs" on public.job_logs
  rename to "users read the logs of their own jobs, operators all";
alter policy "users read the logs of their own jobs, operators all" on public.job_logs using (
  (select public.is_job_operator())
  or exists (select from public.job j where j.id = job_id and j.user_id = (select auth.uid())));

drop policy "job_config is for operators" on public.job_config;
create policy "operators read names" on public.job_config
  for select to authenticated using ((select public.is_job_operator()));
create policy "operators change names" on public.job_config
  for update to authenticated
  using ((select public.is_job_operator())) with check ((select public.is_job_operator()));
grant select on public.job_config to authenticated;
grant update (concurrency_limit, enabled, global_concurrency_limit, max_pending, lease_seconds, response_timeout_seconds,
  backoff_seconds, backoff_max_seconds, linger_seconds, rate_limit, rate_period, keep_completed, keep_failed, description)
  on public.job_config to authenticated;

alter policy "users read their own schedules" on public.job_schedule
  using (user_id = (select auth.uid()) or (select public.is_job_operator()));
alter policy "users switch their own schedules" on public.job_schedule
  using (user_id = (select auth.uid()) or (select public.is_job_operator()))
  with check (user_id = (select auth.uid()) or (select public.is_job_operator()));

revoke all on all functions in schema private from public, anon, authenticated, service_role;
revoke all on function public.is_job_operator() from public, anon, authenticated, service_role;
grant execute on function public.is_job_operator() to anon, authenticated, service_role;
