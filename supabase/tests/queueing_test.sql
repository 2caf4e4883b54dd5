-- Queueing: defaults, every refusal, unique keys, queue_jobs, and the table API.
begin;
set local search_path = public, extensions;
select plan(66);
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
-- What the end of a client's transaction would do.
create function pg_temp.commit() returns void language plpgsql as $$
begin
  perform set_config('private.rung_lanes', '', true);
  set constraints all immediate;
  set constraints all deferred;
  perform set_config('private.rung_lanes', '', true);
end $$;
create temporary table made (what text primary key, id uuid);
grant all on made to public;
create function pg_temp.id(_what text) returns uuid language sql as $$ select id from made where what = _what $$;

-- queue_job
select pg_temp.act('ada');
insert into made values ('first', queue_job('example-job', '{"a": 1}'));
insert into made values ('bare', queue_job('example-job'));
insert into made values ('full', queue_job('example-job', '[1]', 7, '2026-01-02 13:00:00+00', 5, 'key'));
insert into made values ('past', queue_job('example-job', _run_at => '2026-01-01'));
select pg_temp.act('admin');
select results_eq(
  $$ select user_id, job_name, request_body, state, retries, max_retries, next_run_at, priority, unique_key, attempt
     from job where id = pg_temp.id('first') $$,
  $$ values ('a0000000-0000-0000-0000-000000000000'::uuid, 'example-job', '{"a": 1}'::jsonb, 'pending', 0, 3,
     null::timestamptz, 0, null::text, 0) $$,
  'queue_job makes a pending job of the caller with the defaults');
select is((select request_body from job where id = pg_temp.id('bare')), '{}', 'the body is {} by default');
select results_eq(
  $$ select request_body, max_retries, next_run_at, priority, unique_key from job where id = pg_temp.id('full') $$,
  $$ values ('[1]'::jsonb, 7, '2026-01-02 13:00:00+00'::timestamptz, 5, 'key') $$,
  'queue_job keeps max_retries, run_at, priority and unique_key');
select is((select next_run_at from job where id = pg_temp.id('past')), null, 'a run_at in the past means due');
select is((select string_agg(log_message, '|') from job_logs where job_id = pg_temp.id('first')), 'Queued.',
  'queueing is logged');
select matches((select log_message from job_logs where job_id = pg_temp.id('full')), '^Queued, not before 2026-01-02 13',
  'queueing a delayed job is logged with its time');
select is((select source from job_logs where job_id = pg_temp.id('first')), 'engine', 'the engine wrote that line');

-- Refusals of queue_job
select pg_temp.act('ada');
select throws_ok($$ select queue_job(null) $$, 'JQ422', null, 'no name: JQ422');
select throws_ok($$ select queue_job('') $$, 'JQ422', null, 'an empty name: JQ422');
select throws_ok($$ select queue_job(repeat('a', 129)) $$, 'JQ422', null, 'a name of 129 letters: JQ422');
select lives_ok($$ select queue_job(repeat('a', 128)) $$, 'a name of 128 letters is fine');
select throws_ok($$ select queue_job('x', '{}', 0) $$, 'JQ422', 'max_retries is 0, expected 1 to 100', 'max_retries 0: JQ422');
select throws_ok($$ select queue_job('x', '{}', 101) $$, 'JQ422', null, 'max_retries 101: JQ422');
select throws_ok($$ select queue_job('x', '{}', null) $$, 'JQ422', null, 'max_retries null: JQ422');
select throws_ok($$ select queue_job('x', '{}', 3, 'infinity') $$, 'JQ422', null, 'run_at infinity: JQ422');
select throws_ok($$ select queue_job('x', _unique_key => '') $$, 'JQ422', null, 'an empty unique_key: JQ422');
select throws_ok($$ select queue_job('x', _unique_key => repeat('k', 256)) $$, 'JQ422', null,
  'a unique_key of 256 characters: JQ422');
select throws_ok($$ select queue_job('x', to_jsonb(repeat('a', 1048575))) $$, 'JQ413',
  'request_body is 1048577 bytes, at most 1048576 are allowed', 'a body of 1 MiB + 1: JQ413');
select lives_ok($$ select queue_job('x', to_jsonb(repeat('a', 1048574))) $$, 'a body of 1 MiB is fine');
select pg_temp.act('anon');
select throws_ok($$ select queue_job('x') $$, 'JQ401', 'you are not signed in', 'queue_job signed out: JQ401');
select throws_ok($$ select queue_jobs('[{"job_name": "x"}]') $$, 'JQ401', null, 'queue_jobs signed out: JQ401');
select pg_temp.act('authenticated');
select throws_ok($$ select queue_job('x') $$, 'JQ401', null, 'a token without sub: JQ401');

-- A job of the system
select pg_temp.act('service_role');
insert into made values ('system', queue_job('cleanup'));
select pg_temp.act('admin');
insert into made values ('for bob', private.queue_job_for_user('b0000000-0000-0000-0000-000000000000', 'example-job'));
select is((select user_id from job where id = pg_temp.id('system')), null, 'service_role queues jobs of the system');
select is((select lane from job where id = pg_temp.id('system')), 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid,
  'all jobs of the system of a name share a lane');
select is((select user_id from job where id = pg_temp.id('for bob')), 'b0000000-0000-0000-0000-000000000000'::uuid,
  'the database queues for a user by queue_job_for_user');

-- unique_key
select pg_temp.act('ada');
select is(queue_job('example-job', _unique_key => 'key'), pg_temp.id('full'), 'the same key while pending returns that job');
select isnt(queue_job('other-job', _unique_key => 'key'), pg_temp.id('full'), 'the key counts per name');
select pg_temp.act('bob');
select isnt(queue_job('example-job', _unique_key => 'key'), pg_temp.id('full'), 'the key counts per user');
select pg_temp.act('admin');
update job set state = 'running', locked_at = private.now(), next_run_at = null where id = pg_temp.id('full');
select pg_temp.act('ada');
select is(queue_job('example-job', _unique_key => 'key'), pg_temp.id('full'), 'the same key while running returns that job');
select pg_temp.act('admin');
update job set state = 'completed', locked_at = null, finished_at = private.now() where id = pg_temp.id('full');
select pg_temp.act('ada');
select isnt(queue_job('example-job', _unique_key => 'key'), pg_temp.id('full'), 'the same key after its end makes a new job');

-- queue_jobs: order, all or nothing, keys
create temporary table bulk as select * from queue_jobs('[
  {"job_name": "bulk", "request_body": {"n": 1}, "max_retries": 1, "priority": 9},
  {"job_name": "bulk", "request_body": {"n": 2}, "unique_key": "k"},
  {"job_name": "bulk", "request_body": {"n": 3}, "unique_key": "k"},
  {"job_name": "bulk", "request_body": null, "run_at": "2026-01-03T00:00:00Z"}]') with ordinality as q (id, place);
select pg_temp.act('admin');
select is((select count(*) from bulk), 4::bigint, 'queue_jobs returns an id for each');
select results_eq(
  $$ select b.place, j.request_body, j.max_retries, j.priority, j.next_run_at from bulk b join job j using (id) order by 1 $$,
  $$ values (1::bigint, '{"n": 1}'::jsonb, 1, 9, null::timestamptz), (2, '{"n": 2}', 3, 0, null),
     (3, '{"n": 2}', 3, 0, null), (4, 'null', 3, 0, '2026-01-03 00:00:00+00') $$,
  'the ids are in the order of the array; a repeated key returns the first job''s');
select is((select count(distinct created_at) from job where job_name = 'bulk'), 3::bigint, 'each has its own created_at');
select pg_temp.act('ada');
select results_eq($$ select id from queue_jobs('[{"job_name": "bulk", "unique_key": "k"}]') as q (id) $$,
  $$ select id from bulk where place = 2 $$, 'a key that waits already returns that job''s id');
select is_empty($$ select queue_jobs('[]') $$, 'an empty array queues nothing');
select throws_ok($$ select queue_jobs('{}') $$, 'JQ422', 'expected an array of jobs, found object', 'an object: JQ422');
select throws_ok($$ select queue_jobs(null) $$, 'JQ422', null, 'null: JQ422');
select throws_ok($$ select queue_jobs('["x"]') $$, 'JQ422', 'job 1: expected an object, found string', 'not an object: JQ422');
select throws_ok($$ select queue_jobs('[{"job_name": "x", "state": "completed"}]') $$, 'JQ422', 'job 1: unknown key state',
  'an engine''s column: JQ422');
select throws_ok($$ select queue_jobs('[{"job_name": "x"}, {"job_name": "x/y"}]') $$, 'JQ422', null, 'a bad name: JQ422');
select throws_ok($$ select queue_jobs('[{"job_name": "x", "max_retries": "many"}]') $$, 'JQ422', null, 'a bad number: JQ422');
select throws_ok($$ select queue_jobs('[{"job_name": "x", "max_retries": 1e300}]') $$, 'JQ422', null, 'a huge number: JQ422');
select throws_ok($$ select queue_jobs('[{"job_name": "x", "run_at": "soon"}]') $$, 'JQ422', null, 'a bad time: JQ422');
select throws_ok($$ select queue_jobs('[{"job_name": "x", "priority": 1.5}]') $$, 'JQ422', null, 'a bad priority: JQ422');
select throws_ok($$ select queue_jobs(jsonb_build_array(jsonb_build_object('job_name', 'x',
  'request_body', repeat('a', 1048575)))) $$, 'JQ413', null, 'a body of 1 MiB + 1: JQ413');
select throws_ok($$ select queue_jobs('[{"job_name": "x", "user_id": "b0000000-0000-0000-0000-000000000000"}]') $$,
  'JQ403', 'job 1: you may queue jobs for yourself only', 'for another user: JQ403');
select lives_ok($$ select queue_jobs('[{"job_name": "mine", "user_id": "a0000000-0000-0000-0000-000000000000"}]') $$,
  'naming oneself is fine');
select pg_temp.act('service_role');
select throws_ok($$ select queue_jobs('[{"job_name": "x", "user_id": "c0000000-0000-0000-0000-000000000000"}]') $$,
  'JQ404', null, 'for a user who does not exist: JQ404');
select lives_ok($$ select queue_jobs('[{"job_name": "served", "user_id": "b0000000-0000-0000-0000-000000000000"},
  {"job_name": "served"}]') $$, 'servers queue for any user and for none');
select pg_temp.act('admin');
select is((select count(*) from job where job_name = 'x/y' or (job_name = 'x' and pg_column_size(request_body) < 1000)),
  0::bigint, 'one refused item and nothing of its array is queued');
select set_eq($$ select user_id from job where job_name = 'served' $$,
  $$ values ('b0000000-0000-0000-0000-000000000000'::uuid), (null) $$, 'each for its user');

-- A user who is gone, whose token is still valid
select throws_ok($$ select private.queue_job_for_user('dddddddd-0000-0000-0000-000000000000', 'example-job') $$, 'JQ404', null, 'a job for a user who is not there: JQ404');

-- max_pending
insert into job_config (job_name, max_pending) values ('narrow', 2);
select pg_temp.act('ada');
select lives_ok($$ select queue_jobs('[{"job_name": "narrow"}, {"job_name": "narrow", "run_at": "2026-02-01"}]') $$,
  'as many as max_pending may wait');
select throws_ok($$ select queue_job('narrow') $$, 'JQ429', '2 jobs of narrow are waiting already, the limit per user',
  'one more: JQ429');
select throws_ok($$ insert into job (job_name) values ('narrow') $$, 'JQ429', null, 'also through the table API');
select pg_temp.act('bob');
select throws_ok($$ select queue_jobs('[{"job_name": "narrow"}, {"job_name": "narrow"}, {"job_name": "narrow"}]') $$,
  'JQ429', null, 'an array that passes it: JQ429');
select lives_ok($$ select queue_job('narrow') $$, 'another user has a limit of their own');
select pg_temp.act('admin');
select is((select count(*) from job where job_name = 'narrow'), 3::bigint, 'refused jobs are not there');

-- The table API
select pg_temp.act('ada');
insert into job (job_name, request_body, max_retries, next_run_at, priority, unique_key)
values ('table', '{"t": 1}', 2, '2026-01-05', 1, 'u');
select is((select user_id from job where job_name = 'table'), 'a0000000-0000-0000-0000-000000000000'::uuid,
  'an insert through the table API is the caller''s');
update job set request_body = '{"t": 2}', max_retries = 4, next_run_at = '2026-01-01', priority = 2 where job_name = 'table';
select results_eq($$ select request_body, max_retries, next_run_at, priority from job where job_name = 'table' $$,
  $$ values ('{"t": 2}'::jsonb, 4, null::timestamptz, 2) $$, 'while pending its owner may change it');
select throws_ok($$ insert into job (job_name, max_retries) values ('x', 2000000000) $$, 'JQ422', null,
  'max_retries is limited there too');
select throws_ok($$ insert into job (job_name, request_body) values ('x', to_jsonb(repeat('a', 1048575))) $$, 'JQ413', null,
  'and the body');
select throws_ok($$ insert into job (job_name, unique_key) values ('table', 'u') $$, '23505', null, 'and the key');
select is((select count(*) from job where job_name = 'table'), 1::bigint, 'so there is one');
delete from job where job_name = 'table';
select is((select count(*) from job where job_name = 'table'), 0::bigint, 'while pending its owner may delete it');

-- A rolled back transaction queues and rings nothing.
select pg_temp.act('admin');
select pg_temp.commit();
create temporary table before as select (select count(*) from job) as jobs, (select count(*) from net.http_request_queue) as rings;
savepoint undone;
select pg_temp.act('bob');
select queue_job('undone');
rollback to savepoint undone;
select pg_temp.act('admin');
select pg_temp.commit();
select results_eq($$ select (select count(*) from job), (select count(*) from net.http_request_queue) $$,
  $$ select jobs, rings from before $$, 'what is rolled back is neither queued nor rung');

select * from finish();
rollback;
