-- What one user can cost the others stays bounded.
begin;
set local search_path = public, extensions;
select plan(19);
set local private.frozen_now = '2026-01-02 12:00:00+00';
grant all on all tables in schema pg_temp to public;
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

-- Names nobody has configured, of one user, do not hold up a configured name.
insert into job_config (job_name) values ('real');
insert into job (user_id, job_name) select 'a0000000-0000-0000-0000-000000000000', 'bogus-' || n from generate_series(1, 5000) n;
insert into job (user_id, job_name) values ('b0000000-0000-0000-0000-000000000000', 'real');
create temporary table took (what text, ms numeric);
do $$
declare v_began timestamptz := clock_timestamp();
begin
  perform private.run_jobs();
  insert into took values ('5,001 names', extract(epoch from clock_timestamp() - v_began) * 1000);
end $$;
select is((select state from job where job_name = 'real'), 'running',
  'a configured name is rung in the first tick, whatever names others make up');
select diag('a tick over 5,001 names: ' || (select round(ms) from took) || ' ms');
select is((select count(*) from job where state = 'running' and job_name <> 'real'), 149::bigint, 'names without a row leave 50 of the 200 rings');
select is(private.ring_budget(), 50, 'so that those with a row still have room');
select is(cardinality(private.names_to_ring()), 1000, 'a tick looks at 1,000 of them');
update private.job_attempt set responded_at = private.now();
select private.run_jobs();
select is((select count(*) from job where state = 'running' and job_name <> 'real'), 299::bigint, 'the next tick goes on with others');
update private.dispatcher set last_name = 'bogus-9999';
select is((private.names_to_ring())[1], (select min(job_name) from job where state = 'pending' and job_name <> 'real'), 'and begins again behind the last one');
insert into job (user_id, job_name) values ('b0000000-0000-0000-0000-000000000000', 'real-too');
insert into job_config (job_name) values ('real-too');
select is((private.names_to_ring())[1], 'real-too', 'a name with a row is always the first');

-- What a made-up name leaves behind goes with its jobs.
delete from job;
select private.prune_jobs();
select results_eq($$ select job_name from private.lane_cursor where job_name not like 'real%' $$, $$ select ''::text where false $$,
  'no cursor of a made-up name stays');

-- The tick does not read bodies of the jobs it promotes.
create temporary table big as select jsonb_build_object('x', string_agg(md5(n::text), '')) as body from generate_series(1, 30000) n;
insert into job (user_id, job_name, request_body, next_run_at)
  select 'a0000000-0000-0000-0000-000000000000', 'big', b.body, private.now() + interval '1 second' from big b, generate_series(1, 100) n;
update job_config set enabled = false;
insert into job_config (job_name, enabled) values ('big', false);
set local private.frozen_now = '2026-01-02 12:00:02+00';
do $$
declare v_began timestamptz := clock_timestamp();
begin
  perform private.run_jobs();
  insert into took values ('big', extract(epoch from clock_timestamp() - v_began) * 1000);
end $$;
do $$
declare v_began timestamptz := clock_timestamp();
begin
  perform sum(octet_length(request_body::text)) from job where job_name = 'big';
  insert into took values ('reading', extract(epoch from clock_timestamp() - v_began) * 1000);
end $$;
select is((select count(*) from job where job_name = 'big' and next_run_at is null), 100::bigint, 'large jobs are promoted');
select cmp_ok((select ms from took where what = 'big'), '<', (select ms from took where what = 'reading'), 'faster than reading their 100 MB of bodies');

-- One row that breaks a rule does not stop the promotion of others.
alter table job disable trigger job_before_write;
insert into job (user_id, job_name, max_retries, retries, next_run_at)
  values ('a0000000-0000-0000-0000-000000000000', 'imported', 3, 5, private.now() + interval '1 second');
alter table job enable trigger job_before_write;
set local private.frozen_now = '2026-01-02 12:00:04+00';
select lives_ok($$ select private.run_jobs() $$, 'a tick survives an imported row that no user could write');

-- Schedules: at the limit one may still change what one has.
select pg_temp.act('ada');
select count(schedule_job('s' || n, 'work', _every => '1 hour')) from generate_series(1, 100) n;
select lives_ok($$ select schedule_job('s1', 'work', _every => '2 hours') $$, 'with 100 schedules one of them can be changed');
select throws_ok($$ select schedule_job('s101', 'work', _every => '2 hours') $$, 'JQ429', null, 'but no other made');

-- A user's log is read through the job's index, not through all the jobs they ever had.
select pg_temp.act('admin');
insert into job (id, user_id, job_name) values ('00000000-0000-0000-0000-000000000001', 'a0000000-0000-0000-0000-000000000000', 'logged');
create function pg_temp.plan_of_log() returns text language plpgsql as $$
declare v_line text; v_all text := '';
begin
  for v_line in explain (analyze, costs off, timing off, summary off)
    select * from job_logs where job_id = '00000000-0000-0000-0000-000000000001' loop v_all := v_all || v_line || E'\n'; end loop;
  return v_all;
end $$;
insert into job (user_id, job_name, state, finished_at) select 'a0000000-0000-0000-0000-000000000000', 'old', 'completed', private.now() from generate_series(1, 3000);
analyze job; analyze job_logs;
insert into job_logs (job_id, log_message) values ('00000000-0000-0000-0000-000000000001', 'x');
select pg_temp.act('ada');
select unalike(pg_temp.plan_of_log(), '%hashed SubPlan%', 'the policy of job_logs does not read the user''s history');

-- Settings that times and counts cannot be computed with are refused: one name's would stop the pruning of all.
select pg_temp.act('service_role');
insert into job_config (job_name) values ('bounded');
select throws_ok(format('update job_config set %s where job_name = %L', setting, 'bounded'), '23514', null, format('%s is refused', setting))
  from unnest(array['keep_completed = ''1001 years''', 'keep_failed = ''-1 day''', 'rate_limit = 1, rate_period = ''178000000 years''', 'max_pending = 2147483647']) setting;
select pg_temp.act('ada');
select throws_ok($$ select board_jobs(_limit => 2147483647) $$, 'JQ422', null, 'nor is a page too long to count');
select * from finish();
rollback;
