-- Operators: who is one, what they see and change, and what they do not.
begin;
set local search_path = public, extensions;
select plan(54);
set local private.frozen_now = '2026-01-02 12:00:00+00';
grant all on all tables in schema pg_temp to public;
grant all on all sequences in schema pg_temp to public;
insert into auth.users (id, email) values
  ('a0000000-0000-0000-0000-000000000000', 'ada@example.test'),
  ('b0000000-0000-0000-0000-000000000000', 'bob@example.test'),
  ('c0000000-0000-0000-0000-000000000000', 'operator@example.test');

-- The following statements act as ada, bob (who calls himself an operator in his user_metadata), operator, anon,
-- service_role or (the superuser) admin.
create function pg_temp.act(_who text) returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claims', case _who
      when 'ada' then '{"sub": "a0000000-0000-0000-0000-000000000000", "role": "authenticated"}'
      when 'bob' then '{"sub": "b0000000-0000-0000-0000-000000000000", "role": "authenticated", "job_role": "operator",
        "user_metadata": {"job_role": "operator", "app_metadata": {"job_role": "operator"}}, "app_metadata": {"provider": "email"}}'
      when 'operator' then '{"sub": "c0000000-0000-0000-0000-000000000000", "role": "authenticated", "email": "operator@example.test",
        "app_metadata": {"job_role": "operator"}}'
      when 'admin' then '' else format('{"role": "%s"}', _who) end, true),
    set_config('role', case when _who in ('ada', 'bob', 'operator') then 'authenticated'
      when _who = 'admin' then 'none' else _who end, true);
end $$;
delete from vault.secrets where name in ('supabase_url', 'app.jwt_secret', 'app.jwt_kid');
select vault.create_secret('http://127.0.0.1:54321', 'supabase_url'),
  vault.create_secret('super-secret-jwt-token-with-at-least-32-characters-long', 'app.jwt_secret');
alter table job disable trigger job_ring_at_commit;
delete from job; delete from job_config; delete from job_schedule;
insert into job (id, user_id, job_name, state, locked_at, finished_at, attempt) values
  ('00000000-0000-0000-0000-000000000001', 'a0000000-0000-0000-0000-000000000000', 'work', 'pending', null, null, 0),
  ('00000000-0000-0000-0000-000000000002', 'a0000000-0000-0000-0000-000000000000', 'work', 'running', private.now(), null, 1),
  ('00000000-0000-0000-0000-000000000003', 'a0000000-0000-0000-0000-000000000000', 'work', 'failed', null, private.now(), 1),
  ('00000000-0000-0000-0000-000000000004', 'b0000000-0000-0000-0000-000000000000', 'work', 'pending', null, null, 0),
  ('00000000-0000-0000-0000-000000000005', null, 'work', 'pending', null, null, 0),
  ('00000000-0000-0000-0000-000000000006', 'c0000000-0000-0000-0000-000000000000', 'work', 'pending', null, null, 0);
insert into job_config (job_name) values ('work');
insert into job_schedule (id, user_id, name, job_name, every) values
  ('00000000-0000-0000-0000-00000000005a', 'a0000000-0000-0000-0000-000000000000', 'hourly', 'work', '1 hour'),
  ('00000000-0000-0000-0000-00000000005b', null, 'of the system', 'work', '1 hour');
create function pg_temp.last_log(_id uuid) returns text language sql security definer as $$
  select log_message from public.job_logs where job_id = _id order by id desc limit 1 $$;

-- Who is one
select pg_temp.act('operator');
select is(is_job_operator(), true, 'app_metadata.job_role = operator makes an operator');
select pg_temp.act('bob');
select is(is_job_operator(), false, 'user_metadata and claims of other names do not');
select pg_temp.act('ada');
select is(is_job_operator(), false, 'nobody is one by default');
select pg_temp.act('anon');
select is(is_job_operator(), false, 'anon is none');
select pg_temp.act('admin');
create function pg_temp.is_operator_with(_app_metadata text) returns boolean language plpgsql as $$
begin
  perform set_config('request.jwt.claims', '{"sub": "a0000000-0000-0000-0000-000000000000", "role": "authenticated", "app_metadata": ' || _app_metadata || '}', true);
  return is_job_operator();
end $$;
select is(pg_temp.is_operator_with(m), false, format('app_metadata %s makes none', m))
from (values ('"operator"'), ('["job_role", "operator"]'), ('{"job_role": ["operator"]}'), ('{"job_role": "Operator"}'), ('null'), ('7')) odd (m);
select set_config('request.jwt.claims', '{"role": "anon", "app_metadata": {"job_role": "operator"}}', true);
select is(is_job_operator(), false, 'a token without a user makes none');
create function pg_temp.claims_of(_bearer text) returns jsonb language sql as $$
  select convert_from(decode(rpad(t.part, (length(t.part) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb
  from (select translate(split_part(_bearer, '.', 2), '-_', '+/') as part) t $$;
select pg_temp.act('admin');
update auth.users set raw_app_meta_data = '{"job_role": "operator"}' where email = 'operator@example.test';
select is(pg_temp.claims_of(private.generate_user_jwt('c0000000-0000-0000-0000-000000000000', 'authenticated', 'operator@example.test')) ? 'app_metadata',
  false, 'a token of a job carries no app_metadata, also that of an operator');
select set_config('request.jwt.claims', pg_temp.claims_of(private.job_authorization('c0000000-0000-0000-0000-000000000000'))::text, true),
  set_config('role', 'authenticated', true);
select is(is_job_operator(), false, 'so no job has the rights of an operator');
select is_empty($$ select from job where user_id <> 'c0000000-0000-0000-0000-000000000000' $$, 'and a job of an operator sees the operator''s own jobs only');
select throws_ok($$ select board_set_name('work', '{"enabled": false}') $$, 'JQ403', null, 'and pauses nothing');

-- What users see
select pg_temp.act('bob');
select results_eq('select id from job', array['00000000-0000-0000-0000-000000000004'::uuid], 'bob sees his own jobs and nobody else''s');
select is_empty($$ select from job_logs l where l.job_id <> '00000000-0000-0000-0000-000000000004' $$, 'and the logs of these');
select is_empty('select from job_config', 'no names');
select is_empty('select from job_schedule', 'and no schedules but his');
select is_empty($$ update job_config set enabled = false where job_name = 'work' returning 1 $$, 'he pauses no name');
select is_empty($$ update job_schedule set enabled = false where name = 'hourly' returning 1 $$, 'nor a schedule of ada');
select throws_ok($$ select cancel_job('00000000-0000-0000-0000-000000000001') $$, 'JQ404', null, 'he cancels none of her jobs');
select throws_ok($$ select retry_job('00000000-0000-0000-0000-000000000003') $$, 'JQ404', null, 'retries none');
select throws_ok($$ select dequeue_job('00000000-0000-0000-0000-000000000001') $$, 'JQ404', null, 'dequeues none');
select throws_ok($$ select explain_job('00000000-0000-0000-0000-000000000001') $$, 'JQ404', 'you have no job 00000000-0000-0000-0000-000000000001', 'and has none explained');
select throws_ok($$ select explain_job('00000000-0000-0000-0000-0000000000ff') $$, 'JQ404', 'you have no job 00000000-0000-0000-0000-0000000000ff', 'in the words for one that is not there');
select throws_ok($$ select * from private.operator_action $$, '42501', null, 'what operators did is not for users');

-- What operators see and change
select pg_temp.act('operator');
select is((select count(*) from job), 5::bigint, 'an operator sees every user''s jobs in the table');
select is((select count(distinct job_id) from job_logs), 6::bigint, 'and all logs');
select isnt_empty('select from job_config', 'names');
select is((select count(*) from job_schedule), 2::bigint, 'and schedules');
select throws_ok($$ select * from private.job_attempt $$, '42501', null, 'but nothing in private');
select throws_ok($$ insert into job_config (job_name) values ('new') $$, '42501', null, 'may not add a name by the table');
select throws_ok($$ delete from job_config where job_name = 'work' $$, '42501', null, 'nor delete one');
select throws_ok($$ update job_config set job_name = 'other' where job_name = 'work' $$, '42501', null, 'nor rename it');
select throws_ok($$ update job set state = 'completed' where true $$, '42501', null, 'nor set a job''s state');
select is_empty($$ update job set priority = 9 where user_id = 'a0000000-0000-0000-0000-000000000000' returning 1 $$, 'nor change another''s job');
select is_empty($$ delete from job where user_id = 'a0000000-0000-0000-0000-000000000000' returning 1 $$, 'nor delete one by the table');
select throws_ok($$ insert into job (user_id, job_name) values ('a0000000-0000-0000-0000-000000000000', 'work') $$, '42501', null, 'nor queue one for another');
select isnt_empty($$ update job_config set enabled = false, linger_seconds = 5 where job_name = 'work' returning 1 $$, 'a name can be paused');
select isnt_empty($$ update job_schedule set enabled = false where name = 'hourly' returning 1 $$, 'a schedule as well');
select throws_ok($$ update job_schedule set request_body = '{}' where true $$, '42501', null, 'but not changed otherwise');
select is(explain_job('00000000-0000-0000-0000-000000000001') is not null, true, 'any job is explained');
select is(retry_job('00000000-0000-0000-0000-000000000003'), true, 'retried');
select is(pg_temp.last_log('00000000-0000-0000-0000-000000000003'), 'Queued again by operator operator@example.test.', 'and its log says by whom');
select is(cancel_job('00000000-0000-0000-0000-000000000002'), true, 'stopped');
select is(pg_temp.last_log('00000000-0000-0000-0000-000000000002'), 'Asked to stop by operator operator@example.test.', 'and its log says by whom');
select is(dequeue_job('00000000-0000-0000-0000-000000000005'), true, 'canceled, also a job of the system');
select is(pg_temp.last_log('00000000-0000-0000-0000-000000000005'), 'Canceled before it ran by operator operator@example.test.', 'and its log says by whom');
select is(dequeue_job('00000000-0000-0000-0000-000000000006'), true, 'their own jobs are a user''s');
select is(pg_temp.last_log('00000000-0000-0000-0000-000000000006'), 'Canceled before it ran.', 'whose log names nobody');
select throws_ok($$ select log_job('00000000-0000-0000-0000-000000000001', 'x') $$, 'JQ404', null, 'log lines are for one''s own jobs');
select pg_temp.act('admin');
select results_eq($$ select action, operator_email, detail from private.operator_action order by id $$,
  $$ values ('name', 'operator@example.test', 'enabled: true → false, linger_seconds: 0 → 5'), ('schedule', 'operator@example.test', 'enabled: true → false') $$,
  'what they did to names and schedules is noted');
update job_config set enabled = true where job_name = 'work';
select is((select count(*) from private.operator_action), 2::bigint, 'what the dashboard does is not');

select * from finish();
rollback;
