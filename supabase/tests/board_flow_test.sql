-- The flow, counted, and the overview that shows it.
begin;
set local search_path = public, extensions;
select plan(40);
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
update private.job_flow_counted set until = '2026-01-02 11:58:30+00';
update private.dispatcher set last_run_at = private.now();
create function pg_temp.make(_id integer, _user text, _name text, _state text, _created interval, _finished interval default null, _started interval default null) returns void language plpgsql as $$
declare
  v_id uuid := ('00000000-0000-0000-0000-' || lpad(_id::text, 12, '0'))::uuid;
begin
  insert into job (id, user_id, job_name, state, created_at, finished_at, locked_at, attempt, last_error)
  values (v_id, case _user when 'ada' then 'a0000000-0000-0000-0000-000000000000' when 'bob' then 'b0000000-0000-0000-0000-000000000000' end::uuid, _name, _state,
    private.now() - _created, private.now() - _finished, case when _state = 'running' then private.now() end, case when _started is null then 0 else 1 end,
    case when _state = 'failed' then 'no answer from ' || _id end);
  if _started is not null then
    insert into private.job_attempt (job_id, attempt, rung_at, started_at, lease_expires_at, finished_at, outcome)
    values (v_id, 1, private.now() - _started, private.now() - _started, private.now(), private.now() - _finished, 'completed');
  end if;
end $$;
select pg_temp.make(1, 'ada', 'work', 'completed', '70 s', '40 s', '69.9 s'), pg_temp.make(2, 'ada', 'work', 'completed', '65 s', '30 s', '64.8 s'),
  pg_temp.make(3, 'bob', 'work', 'failed', '60 s', '20 s', '58 s'), pg_temp.make(4, 'bob', 'mail', 'failed', '50 s', '15 s', '40 s'),
  pg_temp.make(5, 'ada', 'work', 'canceled', '40 s', '30 s'), pg_temp.make(6, 'ada', 'work', 'pending', '20 s'), pg_temp.make(7, 'bob', 'work', 'running', '5 s'),
  pg_temp.make(8, 'ada', 'work', 'completed', '10 hours', '40 s', '80 s');
update job_logs set log_message = 'Queued, not before 2026-01-02.' where job_id = '00000000-0000-0000-0000-000000000008';

select is(private.count_jobs(), 12::bigint, 'what was queued and what ended up to ten seconds ago is counted');
select is(private.count_jobs(), 0::bigint, 'once');
select is((select until from private.job_flow_counted), private.now() - interval '10 s', 'up to there');
select is((select array[sum(queued), sum(completed), sum(failed), sum(canceled)] from private.job_flow where job_name = 'work' and period = p), array[5, 3, 1, 1]::bigint[],
  format('in periods of %s s', p)) from unnest('{60,900,3600}'::int[]) p;
select is((select queued from private.job_flow where job_name = 'work' and period = 60 and at = '2026-01-02 11:58:00+00'), 2, 'each in its minute');
select is((select sum(jobs) from private.job_pick_up where period = 300 and job_name = 'work'), 3::bigint, 'pick-up times of first tries that were not delayed');
select pg_temp.make(9, 'ada', 'work', 'pending', '15 s');
select is(private.count_jobs(), 0::bigint, 'what is committed later than that is not counted');
set local private.frozen_now = '2026-01-02 12:00:09+00';
select is(private.count_jobs(), 1::bigint, 'the next call goes on');
select is((select until from private.job_flow_counted), '2026-01-02 11:59:59+00'::timestamptz, 'from where the last one stopped');
set local private.frozen_now = '2026-01-02 12:00:40+00';
select is(private.count_jobs(), 0::bigint, 'nothing happens');
select is((select until from private.job_flow_counted), '2026-01-02 11:59:59+00'::timestamptz, 'and nothing is written');
set local private.frozen_now = '2026-01-02 12:30:00+00';
select private.count_jobs();
select is((select until from private.job_flow_counted), '2026-01-02 12:01:59+00'::timestamptz, 'a call looks at two minutes at most');
set local private.frozen_now = '2026-01-02 14:30:00+00';
select private.count_jobs();
select is((select count(*) from private.job_flow where period = 60), 0::bigint, 'minutes are kept for two hours');
set local private.frozen_now = '2026-01-03 14:30:00+00';
select private.count_jobs();
select isnt_empty('select from private.job_flow where period = 900', 'quarters of an hour longer');
set local private.frozen_now = '2026-01-11 14:30:00+00';
select private.count_jobs();
select is_empty('select from private.job_flow union all select from private.job_pick_up', 'and nothing for ever');

set local private.frozen_now = '2026-01-03 14:30:00+00';
select is(private.recount_jobs() > 0, true, 'a recount finds what is still there');
select is((select until from private.job_flow_counted), private.now() - interval '10 s', 'up to now');

-- The overview
set local private.frozen_now = '2026-01-02 12:00:00+00';
delete from private.job_flow;
delete from private.job_pick_up;
update private.job_flow_counted set until = '2026-01-02 11:58:30+00';
select private.count_jobs();
create function pg_temp.o(_path text, _span text default 'hour') returns jsonb language sql as $$
  select jsonb_path_query_first(board_overview(_span)::jsonb, _path::jsonpath) $$;
select pg_temp.act('anon');
select throws_ok('select board_overview()', 'JQ401', null, 'signed out, no overview');
select pg_temp.act('operator');
select throws_ok(format('select board_overview(%L)', s), 'JQ422', null, format('no span %s', coalesce(s, 'null'))) from unnest('{year,NULL}'::text[]) s;
select is(pg_temp.o('$.totals'), '{"queued": 7, "completed": 3, "failed": 2, "canceled": 1}', 'an operator''s flow is that of all');
select is(pg_temp.o('$.names[*] ? (@.job_name == "mail").totals'), '{"queued": 1, "completed": 0, "failed": 1, "canceled": 0}', 'per name');
select is(pg_temp.o('$.names[0].queued.size()'), pg_temp.o('$.times.size()'), 'in as many numbers as times');
select is((select sum(q::integer) from jsonb_array_elements_text(pg_temp.o('$.names[0].queued')) q), 6::bigint, 'which add up');
select is(pg_temp.o('$.pick_up.jobs'), '4', 'pick-up of four');
select ok((pg_temp.o('$.pick_up.p50_ms'))::integer between 170 and 230, 'the median (200 ms) within 12 %');
select is(pg_temp.o('$.now'), '{"cap": 10000, "due": 2, "delayed": 0, "running": 1}', 'what waits and runs');
select is(pg_temp.o('$.oldest_due') ->> 'id', '00000000-0000-0000-0000-000000000006', 'the oldest due job');
select is(pg_temp.o('$.failing[*] ? (@.job_name == "mail")') - '{last_failed_at,job_id}'::text[],
  '{"job_name": "mail", "failed": 1, "top_error": "no answer from 4", "top_error_jobs": 1, "of": 1}', 'failing names with their top error');
select is(pg_temp.o('$.health.ok'), 'true', 'all is well');
select pg_temp.act('bob');
select is(pg_temp.o('$.totals'), '{"queued": 3, "completed": 0, "failed": 2, "canceled": 0}', 'a user''s flow is that of her own jobs, to the second');
select is(pg_temp.o('$.now'), '{"cap": 10000, "due": 0, "delayed": 0, "running": 1}', 'and so is what waits and runs');
select is(pg_temp.o('$.oldest_due') is null or pg_temp.o('$.oldest_due') = 'null', true, 'no job of ada is the oldest');
select is((board_overview()::text like '%a0000000%') or (board_overview()::text like '%ada@%'), false, 'nothing of ada is in it');
select pg_temp.act('admin');
insert into job (user_id, job_name) values ('b0000000-0000-0000-0000-000000000000', 'work');
select pg_temp.act('operator');
select is(pg_temp.o('$.full_lanes[0]') - 'oldest_due_at', '{"job_name": "work", "user_id": "b0000000-0000-0000-0000-000000000000", "user_email": "bob@example.test",
  "running": 1, "limit": 1, "due": 1, "due_capped": false}', 'a lane that is full while something is due');
select pg_temp.act('admin');
insert into job_config (job_name, enabled) values ('work', false);
update job set state = 'completed', finished_at = private.now(), locked_at = null where state = 'running';
select pg_temp.act('operator');
select is(pg_temp.o('$.health.checks[*] ? (@.name == "draining")'), '{"name": "draining", "ok": true, "text": "3 due, 0 running: work is disabled in job_config"}',
  'what is paused is not draining, which is well');
select pg_temp.act('admin');
insert into job (user_id, job_name) values ('b0000000-0000-0000-0000-000000000000', 'mail');
delete from vault.secrets where name = 'app.jwt_secret';
select pg_temp.act('operator');
select is(pg_temp.o('$.health.checks[*] ? (@.name == "draining").text'), '"4 due, 0 running: the Vault secret app.jwt_secret is missing: seed it with npm run vault"',
  'nothing is draining, and why');
select is(pg_temp.o('$.health.ok'), 'false', 'which is not well');

select * from finish();
rollback;
