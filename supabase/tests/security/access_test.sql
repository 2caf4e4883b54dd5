-- Refusal: other users' rows, the engine's columns, private and runtime functions, for every API role.
begin;
set local search_path = public, extensions;
select plan(114);
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
-- Ada's jobs: one waits, one runs, one has ended.
insert into job (id, user_id, job_name, request_body, max_retries) values
  ('00000000-0000-0000-0000-000000000001', 'a0000000-0000-0000-0000-000000000000', 'waits', '{"secret": "of ada"}', 5);
insert into job (id, user_id, job_name, state, locked_at, attempt) values
  ('00000000-0000-0000-0000-000000000002', 'a0000000-0000-0000-0000-000000000000', 'runs', 'running', private.now(), 1);
insert into private.job_attempt (job_id, attempt, token, rung_at, lease_expires_at, started_at) values
  ('00000000-0000-0000-0000-000000000002', 1, 'eeeeeeee-0000-0000-0000-000000000002', private.now(), private.now() + interval '1 minute', private.now());
insert into job (id, user_id, job_name, state, finished_at, attempt) values
  ('00000000-0000-0000-0000-000000000003', 'a0000000-0000-0000-0000-000000000000', 'ended', 'failed', private.now(), 1);
insert into private.job_attempt (job_id, attempt, token, rung_at, lease_expires_at, finished_at, outcome) values
  ('00000000-0000-0000-0000-000000000003', 1, 'eeeeeeee-0000-0000-0000-000000000003', private.now(), private.now(), private.now(), 'failed');
insert into job (id, user_id, job_name, state, locked_at, attempt) values
  ('00000000-0000-0000-0000-000000000004', 'b0000000-0000-0000-0000-000000000000', 'runs', 'running', private.now(), 1);
insert into private.job_attempt (job_id, attempt, token, rung_at, lease_expires_at, started_at) values
  ('00000000-0000-0000-0000-000000000004', 1, 'eeeeeeee-0000-0000-0000-000000000004', private.now(), private.now() + interval '1 minute', private.now());
insert into job_config (job_name) values ('waits');
create temporary table before as select to_jsonb(j) as row from job j;
create temporary table before_attempts as select to_jsonb(a) as row from private.job_attempt a;
create temporary table before_logs as select to_jsonb(l) as row from job_logs l;

-- Another user sees and changes nothing
select pg_temp.act('bob');
select is((select count(*) from job where user_id <> 'b0000000-0000-0000-0000-000000000000'), 0::bigint, 'bob reads no job of ada');
select is((select count(*) from job_logs where job_id <> '00000000-0000-0000-0000-000000000004'), 0::bigint, 'nor her logs');
select is_empty($$ update job set request_body = '{}' where id = '00000000-0000-0000-0000-000000000001' returning 1 $$, 'bob updates no job of ada');
select is_empty($$ update job set request_body = '{}' where true returning 1 $$, 'nor all jobs at once');
select is_empty($$ delete from job where id in ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000003') returning 1 $$, 'bob deletes no job of ada');
select throws_ok($$ insert into job (job_name, user_id) values ('x', 'a0000000-0000-0000-0000-000000000000') $$, '42501', null, 'bob inserts no job for ada');
select throws_ok($$ insert into job_logs (job_id, log_message) values ('00000000-0000-0000-0000-000000000004', 'forged') $$, '42501', null, 'bob forges no log line');
select throws_ok($$ update job_logs set log_message = 'forged' where true $$, '42501', null, 'and changes none');
select throws_ok($$ delete from job_logs where true $$, '42501', null, 'and deletes none');
select is_empty($$ select * from job_config $$, 'bob reads no configuration');
select is_empty($$ update job_config set enabled = false where true returning 1 $$, 'and changes none');
select throws_ok($$ insert into job_config (job_name) values ('mine') $$, '42501', null, 'and adds none');

-- Ada herself
select pg_temp.act('ada');
select is((select count(*) from job), 3::bigint, 'ada reads her own jobs');
select is_empty($$ update job set request_body = '{}' where id in ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000003') returning 1 $$,
  'a running or ended job is not changed');
select is_empty($$ delete from job where id = '00000000-0000-0000-0000-000000000002' returning 1 $$, 'a running job is not deleted');

-- Signed out: nothing at all
select pg_temp.act('anon');
select throws_ok('select 1 from ' || t, '42501', null, format('anon does not read %s', t)) from unnest('{public.job,public.job_logs,public.job_config}'::text[]) t;
select throws_ok($$ insert into job (job_name) values ('x') $$, '42501', null, 'anon inserts no job');
select throws_ok($$ update job set priority = 1 where true $$, '42501', null, 'anon updates no job');
select throws_ok($$ delete from job where true $$, '42501', null, 'anon deletes no job');

-- The engine's columns, by insert and by update, for all
select pg_temp.act('admin');
create temporary table engine_column as
  select a.attname as name, case when t.typname in ('int4', 'int8') then '1' when t.typname = 'timestamptz' then 'now()' when t.typname = 'uuid' then 'gen_random_uuid()'
    when t.typname = 'jsonb' then '''{}''::jsonb' else '''completed''' end as value
  from pg_attribute a join pg_type t on t.oid = a.atttypid where a.attrelid = 'public.job'::regclass and a.attnum > 0 and not a.attisdropped
    and a.attgenerated = '' and a.attname not in ('job_name', 'request_body', 'max_retries', 'next_run_at', 'priority', 'unique_key');
grant select on engine_column to public;
select is((select count(*) from engine_column), 14::bigint, 'the engine has 14 columns of its own');
select pg_temp.act('ada');
select throws_ok(format('insert into public.job (job_name, %I) values (%L, %s)', name, 'x', value), '42501', null, format('a user does not insert %s', name)) from engine_column;
select throws_ok(format('update public.job set %I = %s where id = %L', name, value, '00000000-0000-0000-0000-000000000001'), '42501', null, format('a user does not update %s', name)) from engine_column;
select throws_ok(format('update public.job set %I = %L where true', name, 'x'), '42501', null, format('a user does not update %s', name)) from unnest('{job_name,unique_key}'::text[]) name;
select pg_temp.act('service_role');
select throws_ok(format('insert into public.job (job_name, %I) values (%L, %s)', name, 'x', value), '42501', null, format('service_role does not insert %s', name))
  from engine_column where name <> 'user_id';
select throws_ok(format('update public.job set %I = %s where id = %L', name, value, '00000000-0000-0000-0000-000000000001'), '42501', null, format('service_role does not update %s', name)) from engine_column;
select pg_temp.act('ada');
select throws_ok($$ insert into job (job_name, lane) values ('x', 'b0000000-0000-0000-0000-000000000000') $$, '428C9', null, 'lane is generated');
select throws_ok($$ select queue_jobs('[{"job_name": "x", "attempt": 3}]') $$, 'JQ422', null, 'nor do they come in by queue_jobs');
select throws_ok($$ update job set max_retries = 101 where id = '00000000-0000-0000-0000-000000000001' $$, 'JQ422', null, 'max_retries is limited on update');
select throws_ok($$ update job set request_body = to_jsonb(repeat('a', 1048575)) where id = '00000000-0000-0000-0000-000000000001' $$, 'JQ413', null, 'and the body');
select throws_ok($$ update job set next_run_at = 'infinity' where id = '00000000-0000-0000-0000-000000000001' $$, 'JQ422', null, 'and the time');

-- Every function in private, and the runtime API
select pg_temp.act('admin');
create temporary table call as select p.oid::regprocedure::text as name, n.nspname as schema, p.proname,
    format('select %I.%I(%s)', n.nspname, p.proname, (select string_agg(format('null::%s', format_type(t, null)), ', ' order by place) from unnest(p.proargtypes) with ordinality a (t, place))) as sql
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname = 'private' and p.prorettype <> 'trigger'::regtype
    or n.nspname = 'public' and p.proname in ('start_job', 'heartbeat_job', 'finish_job', 'next_job', 'release_job', 'save_job_step', 'log_job_attempt', 'commit_job');
grant select on call to public;
-- The SQLSTATE of a call as the current role.
create function pg_temp.answer(_sql text) returns text language plpgsql as $$
begin
  execute _sql;
  return 'no error';
exception when others then
  return sqlstate;
end $$;
select cmp_ok((select count(*) from call), '>', 35::bigint, 'there are private and runtime functions to try');
select pg_temp.act('anon');
select is_empty($$ select name, pg_temp.answer(sql) from call where pg_temp.answer(sql) <> '42501' $$, 'anon may call none of them');
select pg_temp.act('ada');
select is_empty($$ select name, pg_temp.answer(sql) from call where pg_temp.answer(sql) <> '42501' $$, 'a user may call none of them');
select pg_temp.act('service_role');
select is_empty($$ select name, pg_temp.answer(sql) from call where schema = 'private' and pg_temp.answer(sql) <> '42501' $$, 'service_role may call none of private');
select throws_ok(format('select * from private.%I', t), '42501', null, format('service_role reads nothing of private.%s', t))
  from unnest('{job_attempt,job_step,job_start,job_linger,lane_cursor,dispatcher}'::text[]) t;
select pg_temp.act('ada');
select throws_ok(format('select * from private.%I', t), '42501', null, format('a user reads nothing of private.%s', t))
  from unnest('{job_attempt,job_step,job_start,job_linger,lane_cursor,dispatcher}'::text[]) t;
select throws_ok($$ select * from vault.decrypted_secrets $$, '42501', null, 'a user reads no secret');
select throws_ok($$ select cron.schedule('mine', '* * * * *', 'select 1') $$, '42501', null, 'a user schedules nothing');

-- Tokens: guessed, stale, another job's
select pg_temp.act('service_role');
create function pg_temp.tries(_job uuid, _token uuid) returns setof text language sql as $$
  select start_job(_job, _token) ->> 'status' union select heartbeat_job(_job, _token, '1') ->> 'status'
  union select finish_job(_job, _token, 'completed', '1', null, null, true) ->> 'status' union select finish_job(_job, _token, 'failed') ->> 'status'
  union select release_job(_job, _token) ->> 'status' union select save_job_step(_job, _token, 's', '1') ->> 'status'
  union select log_job_attempt(_job, _token, '[{"message": "x"}]') ->> 'status' union select commit_job(_job, _token, 'queue_job', '{"_job_name": "x"}') ->> 'status' $$;
select set_eq(format('select pg_temp.tries(%L, %L)', job, token), array['stale'], what) from (values
  ('00000000-0000-0000-0000-000000000002'::uuid, gen_random_uuid(), 'a guessed token is stale everywhere'),
  ('00000000-0000-0000-0000-000000000002', null, 'no token is stale everywhere'),
  ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000002', 'the job''s id is no token'),
  ('00000000-0000-0000-0000-000000000002', 'eeeeeeee-0000-0000-0000-000000000004', 'another job''s token is stale everywhere'),
  ('00000000-0000-0000-0000-000000000004', 'eeeeeeee-0000-0000-0000-000000000002', 'whoever''s it is'),
  ('00000000-0000-0000-0000-000000000001', 'eeeeeeee-0000-0000-0000-000000000002', 'a waiting job has no token'),
  (null, 'eeeeeeee-0000-0000-0000-000000000002', 'nor has no job')) t (job, token, what);
select is(heartbeat_job('00000000-0000-0000-0000-000000000003', 'eeeeeeee-0000-0000-0000-000000000003'), '{"status": "stale"}', 'an ended attempt''s token is stale');
select is(start_job('00000000-0000-0000-0000-000000000003', 'eeeeeeee-0000-0000-0000-000000000003'), '{"status": "stale"}', 'and starts nothing');

-- And nothing has changed.
select pg_temp.act('admin');
select set_eq($$ select to_jsonb(j)::text from job j $$, $$ select row::text from before $$, 'no job has changed');
select set_eq($$ select to_jsonb(a)::text from private.job_attempt a $$, $$ select row::text from before_attempts $$, 'no attempt has changed');
select set_eq($$ select to_jsonb(l)::text from job_logs l $$, $$ select row::text from before_logs $$, 'no log line has changed');

select * from finish();
rollback;
