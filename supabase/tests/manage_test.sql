-- What users do with their jobs: dequeue, cancel, retry, log.
begin;
set local search_path = public, extensions;
select plan(40);
set local private.frozen_now = '2026-01-02 12:00:00+00';
grant all on all tables in schema pg_temp to public;
grant all on all sequences in schema pg_temp to public;
insert into auth.users (id, email) values
  ('a0000000-0000-0000-0000-000000000000', 'ada@example.test'),
  ('b0000000-0000-0000-0000-000000000000', 'bob@example.test');

-- The following statements act as ada, bob, anon, service_role or (the superuser) admin.
create function pg_temp.act(_who text) returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claims', case _who
      when 'ada' then '{"sub": "a0000000-0000-0000-0000-000000000000", "role": "authenticated"}'
      when 'bob' then '{"sub": "b0000000-0000-0000-0000-000000000000", "role": "authenticated"}'
      when 'admin' then '' else format('{"role": "%s"}', _who) end, true),
    set_config('role', case when _who in ('ada', 'bob') then 'authenticated'
      when _who = 'admin' then 'none' else _who end, true);
end $$;
delete from vault.secrets where name in ('supabase_url', 'app.jwt_secret', 'app.jwt_kid');
select vault.create_secret('http://127.0.0.1:54321', 'supabase_url'),
  vault.create_secret('super-secret-jwt-token-with-at-least-32-characters-long', 'app.jwt_secret');
alter table job disable trigger job_ring_at_commit;
create function pg_temp.make(_id uuid, _state text, _key text default null) returns void language sql as $$
  insert into job (id, user_id, job_name, state, locked_at, finished_at, unique_key, retries, attempt)
  values (_id, 'a0000000-0000-0000-0000-000000000000', 'work', _state, case when _state = 'running' then private.now() end,
    case when _state in ('completed', 'failed', 'canceled') then private.now() end, _key, case when _state = 'failed' then 3 else 0 end, 1) $$;
create function pg_temp.last_log(_id uuid) returns text language sql as $$
  select log_message from job_logs where job_id = _id order by id desc limit 1 $$;
select pg_temp.make(('00000000-0000-0000-0000-00000000000' || n)::uuid, s)
from unnest('{pending,running,completed,failed,canceled}'::text[]) with ordinality as q (s, n);
insert into job (id, user_id, job_name, next_run_at) values
  ('00000000-0000-0000-0000-00000000000a', 'a0000000-0000-0000-0000-000000000000', 'work', '2026-02-01');

select pg_temp.act('ada');
select is(dequeue_job('00000000-0000-0000-0000-000000000001'), true, 'a pending job is dequeued');
select is((select state from job where id = '00000000-0000-0000-0000-000000000001'), 'canceled', 'it is canceled');
select is(pg_temp.last_log('00000000-0000-0000-0000-000000000001'), 'Canceled before it ran.', 'and that is logged');
select is(dequeue_job('00000000-0000-0000-0000-00000000000a'), true, 'a delayed one too');
select is(dequeue_job('00000000-0000-0000-0000-000000000002'), false, 'a running job is not');
select is(pg_temp.last_log('00000000-0000-0000-0000-000000000002'), 'Queued.', 'and nothing claims that it was');
select is(dequeue_job('00000000-0000-0000-0000-000000000003'), false, 'nor is one that has ended');
select is(cancel_job('00000000-0000-0000-0000-000000000003'), false, 'a completed job cannot be canceled');
select is(cancel_job('00000000-0000-0000-0000-000000000004'), false, 'nor a failed one');
select is(cancel_job('00000000-0000-0000-0000-000000000002'), true, 'a running one is asked to stop');
select is((select state from job where id = '00000000-0000-0000-0000-000000000002'), 'running', 'and runs until it does');
select isnt((select cancel_requested_at from job where id = '00000000-0000-0000-0000-000000000002'), null, 'since a time that is kept');
select is(cancel_job('00000000-0000-0000-0000-000000000002'), true, 'asking again is fine');
select is((select count(*) from job_logs where job_id = '00000000-0000-0000-0000-000000000002' and log_message = 'Asked to stop.'), 1::bigint, 'and logged once');

select is(retry_job('00000000-0000-0000-0000-000000000004'), true, 'a failed job is queued again');
select results_eq($$ select state, retries, attempt, finished_at from job where id = '00000000-0000-0000-0000-000000000004' $$,
  $$ values ('pending', 0, 1, null::timestamptz) $$, 'with all its tries');
select is(pg_temp.last_log('00000000-0000-0000-0000-000000000004'), 'Queued again.', 'which is logged');
select is(retry_job('00000000-0000-0000-0000-000000000005'), true, 'so is a canceled one');
select is(retry_job('00000000-0000-0000-0000-000000000005'), false, 'a pending one is not');
select is(retry_job('00000000-0000-0000-0000-000000000002'), false, 'nor a running one');
select is(retry_job('00000000-0000-0000-0000-000000000003'), false, 'nor a completed one');
select pg_temp.act('admin');
select pg_temp.make('00000000-0000-0000-0000-000000000010', 'failed', 'key');
select pg_temp.make('00000000-0000-0000-0000-000000000011', 'pending', 'key');
select pg_temp.act('ada');
select throws_ok($$ select retry_job('00000000-0000-0000-0000-000000000010') $$, 'JQ409', null, 'not while its key is taken: JQ409');
select pg_temp.act('admin');
insert into job (id, user_id, job_name, state, finished_at) values ('00000000-0000-0000-0000-000000000019', 'a0000000-0000-0000-0000-000000000000', 'narrow', 'failed', private.now());
insert into job (user_id, job_name) values ('a0000000-0000-0000-0000-000000000000', 'narrow');
insert into job_config (job_name, max_pending) values ('narrow', 1);
select pg_temp.act('ada');
select throws_ok($$ select retry_job('00000000-0000-0000-0000-000000000019') $$, 'JQ429', null, 'nor above max_pending: JQ429');
select is((select state from job where id = '00000000-0000-0000-0000-000000000019'), 'failed', 'and it stays as it was');

select lives_ok($$ select log_job('00000000-0000-0000-0000-000000000003', 'hello', 'warn') $$, 'log_job writes a line');
select log_job('00000000-0000-0000-0000-000000000003', 'plain');
select log_job('00000000-0000-0000-0000-000000000003', repeat('a', 10000), null);
select results_eq($$ select log_level, left(log_message, 5), length(log_message), source from job_logs
    where job_id = '00000000-0000-0000-0000-000000000003' and source <> 'engine' order by id $$,
  $$ values ('WARN', 'hello', 5, 'user'), ('INFO', 'plain', 5, 'user'), ('INFO', 'aaaaa', 8192, 'user') $$,
  'as the user''s, at most 8,192 characters');
select throws_ok($$ select log_job('00000000-0000-0000-0000-000000000003', 'x', 'VERY BAD') $$, 'JQ422', null, 'a level that is no word: JQ422');

select pg_temp.act('bob');
select throws_ok($$ select dequeue_job('00000000-0000-0000-0000-000000000011') $$, 'JQ404', 'you have no job 00000000-0000-0000-0000-000000000011', 'another user''s: JQ404');
select throws_ok($$ select cancel_job('00000000-0000-0000-0000-000000000002') $$, 'JQ404', null, 'to cancel: JQ404');
select throws_ok($$ select retry_job('00000000-0000-0000-0000-000000000010') $$, 'JQ404', null, 'to retry: JQ404');
select throws_ok($$ select log_job('00000000-0000-0000-0000-000000000003', 'x') $$, 'JQ404', null, 'to log to: JQ404');
select throws_ok($$ select explain_job('00000000-0000-0000-0000-000000000003') $$, 'JQ404', null, 'to explain: JQ404');
select throws_ok($$ select dequeue_job(null) $$, 'JQ404', null, 'null: JQ404');
select pg_temp.act('service_role');
select is(dequeue_job('00000000-0000-0000-0000-000000000011'), true, 'a server may');
select lives_ok($$ select log_job('00000000-0000-0000-0000-000000000003', 'x') $$, 'and log');
select pg_temp.act('anon');
select throws_ok($$ select dequeue_job('00000000-0000-0000-0000-000000000003') $$, 'JQ401', null, 'signed out: JQ401');
select throws_ok($$ select cancel_job('00000000-0000-0000-0000-000000000003') $$, 'JQ401', null, 'to cancel');
select throws_ok($$ select retry_job('00000000-0000-0000-0000-000000000003') $$, 'JQ401', null, 'to retry');
select throws_ok($$ select log_job('00000000-0000-0000-0000-000000000003', 'x') $$, 'JQ401', null, 'to log to');
select throws_ok($$ select explain_job('00000000-0000-0000-0000-000000000003') $$, 'JQ401', null, 'to explain');

select * from finish();
rollback;
