-- One job on the board, its log, run again; and many at once.
begin;
set local search_path = public, extensions;
select plan(61);
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
create function pg_temp.id(_n integer) returns uuid language sql immutable as $$ select ('00000000-0000-0000-0000-' || lpad(_n::text, 12, '0'))::uuid $$;
create function pg_temp.make(_n integer, _user text, _state text, _key text default null) returns void language sql as $$
  insert into job (id, user_id, job_name, state, locked_at, finished_at, unique_key, attempt, request_body, last_error)
  values (pg_temp.id(_n), case _user when 'ada' then 'a0000000-0000-0000-0000-000000000000' when 'bob' then 'b0000000-0000-0000-0000-000000000000' end::uuid, 'work', _state,
    case when _state = 'running' then private.now() end, case when _state in ('completed', 'failed', 'canceled') then private.now() end, _key, 1, '{"secret": "of the user"}', 'broke') $$;
select pg_temp.make(1, 'ada', 'failed'), pg_temp.make(2, 'ada', 'running'), pg_temp.make(3, 'ada', 'pending'), pg_temp.make(4, 'ada', 'completed'),
  pg_temp.make(5, 'bob', 'failed'), pg_temp.make(6, null, 'failed'), pg_temp.make(7, 'ada', 'failed', 'key'), pg_temp.make(8, 'ada', 'pending', 'key');
insert into private.job_attempt (job_id, attempt, token, request_id, rung_at, lease_expires_at, finished_at, outcome, status_code, error) values
  (pg_temp.id(1), 1, 'eeeeeeee-0000-0000-0000-000000000001', 424242, private.now(), private.now(), private.now(), 'failed', 500, 'broke');
insert into private.job_step (job_id, name, result) values (pg_temp.id(1), 'fetch', '"hidden"');
insert into job_logs (job_id, log_message) select pg_temp.id(1), 'line ' || n from generate_series(1, 250) n;
create function pg_temp.last_log(_id uuid) returns text language sql security definer as $$
  select log_message from public.job_logs where job_id = _id order by id desc limit 1 $$;

-- One job
select pg_temp.act('anon');
select throws_ok(format('select board_job(%L)', pg_temp.id(1)), 'JQ401', null, 'signed out, no job');
select throws_ok(format('select board_logs(%L)', pg_temp.id(1)), 'JQ401', null, 'no log');
select throws_ok(format('select board_run_again(%L)', pg_temp.id(1)), 'JQ401', null, 'no running again');
select throws_ok(format('select board_apply(''delete'', array[%L::uuid])', pg_temp.id(1)), 'JQ401', null, 'nothing at once');
select pg_temp.act('bob');
select throws_ok(format('select board_job(%L)', pg_temp.id(1)), 'JQ404', 'you have no job ' || pg_temp.id(1), 'another''s job is not there');
select throws_ok(format('select board_job(%L)', pg_temp.id(99)), 'JQ404', 'you have no job ' || pg_temp.id(99), 'as one that is not there');
select throws_ok('select board_job(null)', 'JQ404', null, 'nor is null');
select throws_ok(format('select board_job(%L)', pg_temp.id(6)), 'JQ404', null, 'nor is a job of the system');
select throws_ok(format('select board_logs(%L)', pg_temp.id(1)), 'JQ404', null, 'nor its log');
select throws_ok(format('select board_run_again(%L)', pg_temp.id(1)), 'JQ404', null, 'nor is it run again');
select pg_temp.act('ada');
select is(board_job(pg_temp.id(1)) -> 'job' ->> 'request_body', '{"secret": "of the user"}', 'ada sees her body');
select is(board_job(pg_temp.id(1)) -> 'attempts' -> 0 -> 'status_code', '500', 'what the function answered');
select is(board_job(pg_temp.id(1)) -> 'attempts' -> 0 ->> 'outcome', 'failed', 'and how the attempt ended');
select matches(board_job(pg_temp.id(1)) ->> 'explanation', '^failed at', 'in words, too');
select is(board_job(pg_temp.id(1)) -> 'steps' -> 0 ->> 'name', 'fetch', 'its steps');
select ok(board_job(pg_temp.id(1))::text not like all ('{%eeeeeeee%,%424242%,%Bearer%,%hidden%}'::text[]), 'no token, no request id, no result of a step');
select is(board_job(pg_temp.id(n)) -> 'may', m, format('what she may do with job %s', n))
from (values (1, '{"retry": true, "cancel": false, "delete": true, "edit": false}'::jsonb), (2, '{"retry": false, "cancel": true, "delete": false, "edit": false}'),
  (3, '{"retry": false, "cancel": true, "delete": true, "edit": true}')) q (n, m);
select is(board_job(pg_temp.id(1)) -> 'job' ->> 'user_email', null, 'no address for users');
select pg_temp.act('operator');
select is(board_job(pg_temp.id(5)) -> 'job' ->> 'user_email', 'bob@example.test', 'an operator sees any job, with its user''s address');
select is(board_job(pg_temp.id(6)) -> 'job' ->> 'id', pg_temp.id(6)::text, 'and those of the system');

-- Its log
select pg_temp.act('ada');
create function pg_temp.l(_path text, _before bigint default null, _after bigint default null, _limit integer default 100) returns jsonb language sql as $$
  select jsonb_path_query_first(board_logs(pg_temp.id(1), _before, _after, _limit), _path::jsonpath) $$;
select is(pg_temp.l('$.lines.size()'), '100', 'the last hundred lines');
select is(pg_temp.l('$.lines[last].message'), '"line 250"', 'ascending');
select is(pg_temp.l('$.more'), 'true', 'there are more');
select is(pg_temp.l('$.lines[last].message', (pg_temp.l('$.lines[0].id'))::bigint), '"line 150"', 'before the first of them');
select is(pg_temp.l('$.more', (pg_temp.l('$.lines[0].id'))::bigint, null, 500), 'false', 'until there are none');
select is(pg_temp.l('$.lines[0].message', null, (pg_temp.l('$.lines[9].id'))::bigint), '"line 161"', 'after a line: the next one first');
select is(pg_temp.l('$.more', null, (pg_temp.l('$.lines[9].id'))::bigint, 50), 'true', 'with more');
select is(pg_temp.l('$', null, (pg_temp.l('$.lines[last].id'))::bigint), '{"more": false, "lines": []}', 'or none');
select throws_ok('select pg_temp.l(''$'', 1, 1)', 'JQ422', null, 'before or after');
select throws_ok('select pg_temp.l(''$'', null, null, 501)', 'JQ422', null, 'up to 500 lines');

-- Run again
select is(pg_temp.last_log(board_run_again(pg_temp.id(1))), format('Runs job %s again.', pg_temp.id(1)), 'ada runs her job again');
create temporary table again as select board_run_again(pg_temp.id(1), '{"other": true}') as id;
grant all on again to public;
select is(board_job((select id from again)) -> 'job' ->> 'request_body', '{"other": true}', 'with another body');
select throws_ok(format('select board_run_again(%L, %L)', pg_temp.id(1), to_jsonb(repeat('x', 1048577))), 'JQ413', null, 'not with one that is too large');
select pg_temp.act('operator');
update again set id = board_run_again(pg_temp.id(5), '{}') where true;
select pg_temp.act('admin');
create temporary table systems as select private.queue_job_for_user(null, 'of-the-system', '{"own": true}') as id;
grant all on systems to public;
select pg_temp.act('operator');
select throws_ok($$ select board_run_again(id, '{"other": true}') from systems $$, 'JQ403', null, 'an operator gives a job without a user no body of her own');
select lives_ok($$ select board_run_again(id) from systems $$, 'but runs it again as it was');
select is(board_job((select id from again)) -> 'job' ->> 'user_id', 'b0000000-0000-0000-0000-000000000000', 'an operator runs it again for its user');
select matches(pg_temp.last_log(pg_temp.id(5)), '^Run again as job .* by operator operator@example.test with another body\.$', 'and the log says so');

-- Many at once
select pg_temp.act('ada');
delete from job where request_body = '{"other": true}' or state = 'pending' and id > '00000000-0000-0000-0000-000000000100';
select throws_ok('select board_apply(' || a || ')', 'JQ422', null, 'refused: ' || a)
from unnest(array['null, array[gen_random_uuid()]', '''drop'', array[gen_random_uuid()]', '''retry''', '''retry'', ''{}''::uuid[]', '''retry'', array[gen_random_uuid()], ''{}''',
  '''retry'', array(select gen_random_uuid() from generate_series(1, 1001))', '''retry'', null, ''{"all": true}''']) a;
select throws_ok($$ select board_apply('delete', null, '{"user_id": "b0000000-0000-0000-0000-000000000000"}') $$, 'JQ403', null, 'not those of bob');
select is(board_apply('retry', array(select pg_temp.id(n) from unnest('{1,3,5,6,7,99}'::int[]) n), null, true) - '{action,cap,partial,remaining,matching_capped,skipped}'::text[],
  '{"preview": true, "matching": 2, "done": 0}', 'a preview counts what the action fits and does nothing');
select is(board_apply('retry', array(select pg_temp.id(n) from unnest('{1,3,5,6,7,99}'::int[]) n)) - '{action,cap,partial,remaining,matching_capped,preview,matching}'::text[],
  '{"done": 1, "skipped": {"wrong_state": 1, "unique_key": 1, "not_found": 3}}', 'ids: each by the rules of its own, another''s are not there');
select is(pg_temp.last_log(pg_temp.id(1)), 'Queued again.', 'through the single function');
select is(board_apply('cancel', null, '{"job_name": "work"}') -> 'done', '4', 'a filter: those whose state the action fits');
select is(pg_temp.last_log(pg_temp.id(2)), 'Asked to stop.', 'a running one is asked');
select is(board_apply('delete', null, '{}', true) -> 'matching', '5', 'the preview of a deletion');
select is(board_apply('delete', null, '{}') - '{action,cap,partial,remaining,matching_capped,preview}'::text[], '{"matching": 5, "done": 5, "skipped": {}}', 'and the deletion');
select is((select array_agg(id) from job), array[pg_temp.id(2)], 'which leaves what runs');
select pg_temp.act('admin');
select is((select array_agg(id order by id) from job where id < '00000000-0000-0000-0000-000000000100'), array[pg_temp.id(2), pg_temp.id(5), pg_temp.id(6)], 'and everything of others');
select is_empty('select from private.operator_action', 'what users do to their jobs is no operator''s action');
insert into job (user_id, job_name, state, finished_at) select 'b0000000-0000-0000-0000-000000000000', 'many', 'failed', private.now() from generate_series(1, 1500);
select pg_temp.act('operator');
select is(board_apply('delete', null, '{"job_name": "many"}', true) -> 'matching', '1500', 'an operator''s preview');
select is(board_apply('delete', null, '{"job_name": "many"}') - '{action,cap,partial,matching_capped,preview,matching,skipped}'::text[], '{"done": 1000, "remaining": true}', 'a thousand a call');
select is(board_apply('delete', null, '{"job_name": "many"}') - '{action,cap,partial,matching_capped,preview,matching,skipped}'::text[], '{"done": 500, "remaining": false}', 'until all are gone');
select pg_temp.act('admin');
select is((select count(*) from private.operator_action where action = 'delete' and operator_email = 'operator@example.test' and job_name = 'many'), 1500::bigint, 'each is noted');

select * from finish();
rollback;
