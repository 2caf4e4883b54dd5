-- The board's list and its counts: whose jobs, which filter, which page.
begin;
set local search_path = public, extensions;
select plan(46);
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
-- 120 jobs of ada, 30 of bob, 5 of the system; every tenth failed; pairs were made at the same moment.
insert into job (id, user_id, job_name, state, created_at, finished_at, last_error, request_body)
select ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid,
  case when n <= 120 then 'a0000000-0000-0000-0000-000000000000' when n <= 150 then 'b0000000-0000-0000-0000-000000000000' end::uuid,
  case when n % 3 = 0 then 'mail' else 'work' end, case when n % 10 = 0 then 'failed' else 'completed' end,
  '2026-01-01 00:00:00+00'::timestamptz + make_interval(mins => n / 2), '2026-01-02', case when n % 10 = 0 then format('Error 50%% of _%s_', n) end,
  jsonb_build_object('n', n, 'even', n % 2 = 0)
from generate_series(1, 155) n;
insert into job (user_id, job_name) values ('a0000000-0000-0000-0000-000000000000', 'work');

create function pg_temp.jobs(_filter jsonb default '{}', _limit integer default 200, _before jsonb default null) returns bigint language sql as $$
  select jsonb_array_length(board_jobs(_filter, _limit, _before) -> 'jobs')::bigint $$;
-- All ids that paging with this limit finds, in order.
create function pg_temp.paged(_filter jsonb, _limit integer) returns uuid[] language plpgsql as $$
declare
  v_page jsonb := board_jobs(_filter, _limit);
  v_ids uuid[] := '{}';
begin
  loop
    v_ids := v_ids || array(select (j ->> 'id')::uuid from jsonb_array_elements(v_page -> 'jobs') j);
    exit when v_page ->> 'next' is null;
    v_page := board_jobs(_filter, _limit, v_page -> 'next');
  end loop;
  return v_ids;
end $$;
create function pg_temp.expected(_user uuid, _where text default 'true') returns uuid[] language plpgsql security definer as $$
declare
  v_ids uuid[];
begin
  execute format('select array_agg(id order by created_at desc, id desc) from public.job where (%L::uuid is null or user_id = %1$L) and %s', _user, _where) into v_ids;
  return v_ids;
end $$;

-- Whose jobs
select pg_temp.act('anon');
select throws_ok('select board_jobs()', 'JQ401', null, 'signed out, no list');
select throws_ok('select board_counts()', 'JQ401', null, 'and no counts');
select pg_temp.act('bob');
select is(pg_temp.paged('{}', 7), pg_temp.expected('b0000000-0000-0000-0000-000000000000'), 'bob pages through exactly his own jobs, newest first');
select is(pg_temp.jobs(f), 0::bigint, format('and finds none of ada''s by %s', f))
from (values ('{"job_name": "mail", "created_to": "2026-01-01 01:00Z"}'::jsonb), ('{"body": {"n": 10}}'), ('{"error": "_20_"}')) q (f);
select throws_ok($$ select board_jobs('{"user_id": "a0000000-0000-0000-0000-000000000000"}') $$, 'JQ403', null, 'he may not ask for hers');
select throws_ok($$ select board_counts('{"user_id": "a0000000-0000-0000-0000-000000000000"}') $$, 'JQ403', null, 'nor count them');
select throws_ok($$ select board_jobs('{"user_email": "ada@example.test"}') $$, 'JQ403', null, 'nor by her address');
select is(board_counts() - 'cap', '{"pending": 0, "running": 0, "completed": 27, "failed": 3, "canceled": 0, "partial": false}', 'his counts are of his own jobs');
select is((select bool_and(j ->> 'user_email' is null) from jsonb_array_elements(board_jobs() -> 'jobs') j), true, 'no addresses for users');
select pg_temp.act('operator');
select is(pg_temp.paged('{}', 13), pg_temp.expected(null), 'an operator pages through all jobs, those of the system as well');
select is(pg_temp.paged('{}', 200), pg_temp.expected(null), 'in one page, too');
select is(pg_temp.paged('{"user_id": "b0000000-0000-0000-0000-000000000000"}', 4), pg_temp.expected('b0000000-0000-0000-0000-000000000000'), 'or through one user''s');
select is(pg_temp.paged('{"user_email": "Bob@example.test"}', 4), pg_temp.expected('b0000000-0000-0000-0000-000000000000'), 'by id or address');
select is(pg_temp.jobs('{"user_email": "nobody@example.test"}'), 0::bigint, 'of nobody, nothing');
select is(board_counts() - 'cap', '{"pending": 1, "running": 0, "completed": 140, "failed": 15, "canceled": 0, "partial": false}', 'counts are of all');
select is(board_jobs(_limit => 1) -> 'jobs' -> 0 ->> 'user_email', 'ada@example.test', 'with addresses');
select pg_temp.act('service_role');
select is(pg_temp.jobs(), 156::bigint, 'servers see all');

-- Filters
select pg_temp.act('operator');
select is(pg_temp.paged('{"states": ["failed"]}', 4), pg_temp.expected(null, 'state = ''failed'''), 'by state');
select is(pg_temp.paged('{"states": ["failed", "pending"], "job_name": "work"}', 4), pg_temp.expected(null, 'state <> ''completed'' and job_name = ''work'''), 'by states and name');
select is(pg_temp.jobs('{"states": []}'), 0::bigint, 'by no state: nothing');
select is(pg_temp.paged('{"created_from": "2026-01-01 00:10Z", "created_to": "2026-01-01 00:20Z"}', 3),
  pg_temp.expected(null, 'created_at >= ''2026-01-01 00:10Z'' and created_at < ''2026-01-01 00:20Z'''), 'by time: from included, to excluded');
select is(pg_temp.paged('{"error": "ERROR 50% of _1"}', 2), pg_temp.expected(null, 'last_error like ''Error 50\% of \_1%'''), 'by a piece of the error, in any case, nothing of it a pattern');
select is(pg_temp.paged('{"body": {"even": true}}', 9), pg_temp.expected(null, '(request_body ->> ''even'')::boolean'), 'by what the body contains');
select is(pg_temp.jobs('{"body": {"n": 1}, "job_name": "work", "states": ["completed"]}'), 1::bigint, 'by all of them');
select is(board_counts('{"job_name": "mail"}') ->> 'completed', '46', 'counts obey the filter');
select is(board_counts('{"states": ["failed"]}') ->> 'completed', '140', 'but for the states');
select is(board_counts('{"body": {"even": true}}') ->> 'completed', '62', 'also that by body');
select is(board_counts('{"user_id": "b0000000-0000-0000-0000-000000000000", "job_name": "mail"}') ->> 'completed', '9', 'and by user');
select throws_ok(format('select board_jobs(%L)', f), 'JQ422', null, format('refused: %s', f))
from unnest('{"[]","7","{\"state\": \"failed\"}","{\"states\": \"failed\"}","{\"states\": [\"lost\"]}","{\"states\": [null]}","{\"user_id\": \"ada\"}","{\"created_from\": \"soon\"}","{\"error\": \"x\"}"}'::text[]) f;
select throws_ok('select board_jobs(_limit => 0)', 'JQ422', null, 'a page has 1');
select throws_ok('select board_jobs(_limit => 201)', 'JQ422', null, 'to 200 jobs');
select throws_ok($$ select board_jobs(_before => '{"created_at": "x"}') $$, 'JQ422', null, 'and begins below a key');

-- What is looked at is bounded, and goes on
select pg_temp.act('admin');
insert into job (user_id, job_name, state, finished_at, last_error, created_at)
select 'a0000000-0000-0000-0000-000000000000', 'work', 'failed', '2026-01-02', 'other', '2026-01-02'::timestamptz + n * interval '1 second' from generate_series(1, 600) n;
select pg_temp.act('operator');
select is(board_jobs('{"error": "_20_"}') -> 'jobs', '[]', 'a search stops after 500 jobs');
select is(board_jobs('{"error": "_20_"}') ->> 'searched_to' is not null, true, 'says where');
select is(pg_temp.paged('{"error": "_20_"}', 50), pg_temp.expected(null, 'last_error like ''%\_20\_'''), 'and goes on to the end');
select is(board_counts('{"error": "_20_"}') ->> 'partial', 'true', 'counts say that they are of a part');

select * from finish();
rollback;
