-- Names and recurring jobs on the board.
begin;
set local search_path = public, extensions;
select plan(38);
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
insert into job_config (job_name, concurrency_limit, description) values ('work', 2, 'Works.'), ('never-run', 1, null);
insert into job (user_id, job_name, state, locked_at, finished_at, next_run_at) values
  ('a0000000-0000-0000-0000-000000000000', 'work', 'pending', null, null, null), ('a0000000-0000-0000-0000-000000000000', 'work', 'running', private.now(), null, null),
  ('a0000000-0000-0000-0000-000000000000', 'work', 'failed', null, private.now(), null), ('b0000000-0000-0000-0000-000000000000', 'mail', 'pending', null, null, '2026-02-01');
insert into job_schedule (id, user_id, name, job_name, every, request_body) values
  ('00000000-0000-0000-0000-00000000005a', 'a0000000-0000-0000-0000-000000000000', 'hourly', 'work', '1 hour', '{"n": 1}'),
  ('00000000-0000-0000-0000-00000000005b', 'b0000000-0000-0000-0000-000000000000', 'daily', 'mail', '1 day', '{}'),
  ('00000000-0000-0000-0000-00000000005c', null, 'of the system', 'work', '1 hour', '{}');
create function pg_temp.name(_name text) returns jsonb language sql as $$
  select n from jsonb_array_elements(board_names() -> 'names') n where n ->> 'job_name' = _name $$;
create function pg_temp.last_log(_id uuid) returns text language sql security definer as $$
  select log_message from public.job_logs where job_id = _id order by id desc limit 1 $$;

select pg_temp.act('anon');
select throws_ok('select ' || f, 'JQ401', null, 'signed out: ' || f)
from unnest(array['board_names()', 'board_set_name(''work'', ''{}'')', 'board_schedules()', 'board_set_schedule(gen_random_uuid(), true)', 'board_run_schedule(gen_random_uuid())']) f;

-- Names
select pg_temp.act('bob');
select is(jsonb_path_query_array(board_names(), '$.names[*].job_name'), '["mail"]', 'users see the names of their own jobs');
select is(pg_temp.name('mail') -> 'delayed', '1', 'with counts of these');
select is(pg_temp.name('mail') -> 'configured', 'false', 'configured or not');
select throws_ok($$ select board_set_name('mail', '{"enabled": false}') $$, 'JQ403', null, 'and change none');
select pg_temp.act('operator');
select is(jsonb_path_query_array(board_names(), '$.names[*].job_name'), '["mail", "never-run", "work"]', 'operators see all, also those without jobs');
select is(jsonb_build_array(pg_temp.name('work') -> 'due', pg_temp.name('work') -> 'delayed', pg_temp.name('work') -> 'running', pg_temp.name('work') -> 'failed', pg_temp.name('work') -> 'concurrency_limit'), '[1, 0, 1, 1, 2]', 'with counts and limits');
select is((pg_temp.name('work') ->> 'oldest_due_at') is not null, true, 'and since when the oldest waits');
select is(board_set_name('work', '{"enabled": false, "rate_limit": 5, "rate_period": "1 hour"}') -> 'enabled', 'false', 'an operator pauses a name');
select is(pg_temp.name('work') -> 'changed' ->> 'by', 'operator@example.test', 'who did it');
select is(pg_temp.name('work') -> 'changed' ->> 'what', 'enabled: true → false, rate_limit: none → 5, rate_period: 00:01:00 → 01:00:00', 'and what');
select is(pg_temp.name('work') -> 'concurrency_limit', '2', 'nothing else changes');
select is(board_set_name('work', '{"rate_limit": null}') -> 'rate_limit', 'null', 'null removes a limit');
select is(board_set_name('mail', '{"enabled": false}') -> 'configured', 'true', 'a name without a row gets one');
select throws_ok(format('select board_set_name(%L, %L)', n, c), 'JQ422', null, format('refused: %s %s', n, c))
from (values ('work', '{"concurrency_limit": 0}'), ('work', '{"enabled": null}'), ('work', '{"enabled": "perhaps"}'), ('work', '{"job_name": "x"}'), ('work', '{"user_id": 1}'),
  ('work', '[]'), ('work', null), ('../rest', '{}'), (null, '{}')) q (n, c);
select pg_temp.act('admin');
select is((select count(*) from job_config), 3::bigint, 'and nothing was made of it');

-- Recurring jobs
select pg_temp.act('bob');
select is(jsonb_path_query_array(board_schedules(), '$.schedules[*].name'), '["daily"]', 'users see their own recurring jobs');
select throws_ok($$ select board_run_schedule('00000000-0000-0000-0000-00000000005a') $$, 'JQ404', null, 'run only these');
select throws_ok($$ select board_set_schedule('00000000-0000-0000-0000-00000000005a', false) $$, 'JQ404', null, 'and pause only these');
select is(pg_temp.last_log(board_run_schedule('00000000-0000-0000-0000-00000000005b')), 'Run now, from the schedule daily.', 'run now');
select pg_temp.act('operator');
select is(jsonb_array_length(board_schedules() -> 'schedules'), 3, 'operators see all');
create temporary table ran as select board_run_schedule('00000000-0000-0000-0000-00000000005a') as id;
select is(pg_temp.last_log((select id from ran)), 'Run now, from the schedule hourly by operator operator@example.test.', 'an operator runs one now, and its log says so');
select is(board_run_schedule('00000000-0000-0000-0000-00000000005a'), (select id from ran), 'while that job waits there is no second one');
select is((select user_id from job where id = (select id from ran)), 'a0000000-0000-0000-0000-000000000000'::uuid, 'for its user');
select is(board_job((select id from ran)) -> 'schedule' ->> 'name', 'hourly', 'the job says where it comes from');
select is(board_set_schedule('00000000-0000-0000-0000-00000000005a', false) -> 'changed' ->> 'what', 'enabled: true → false', 'an operator pauses one');

select * from finish();
rollback;
