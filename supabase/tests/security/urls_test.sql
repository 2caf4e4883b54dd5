-- Refusal: whatever is queued, the database calls no URL but /functions/v1/<job name>, and no text is taken for SQL.
begin;
set local search_path = public, extensions;
select plan(327);
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
create temporary table trick (name text, what text);
insert into trick values
  ('../../rest/v1/job', 'a path upwards'), ('a/b', 'a slash'), ('a\b', 'a backslash'), ('/a', 'a slash in front'), ('.', 'a dot'), ('..', 'two dots'),
  ('a.b', 'a dot within'), ('a?b=c', 'a query'), ('a#b', 'a fragment'), ('a%2fb', 'an encoded slash'), ('%2e%2e%2f', 'encoded dots'), ('a%00', 'an encoded NUL'),
  ('a b', 'a space'), (' a', 'a space in front'), ('a ', 'a space behind'), (E'a\nb', 'a newline within'), (E'a\n', 'a newline behind'), (E'\na', 'a newline in front'),
  (E'a\r\nX-Header: 1', 'a header'), (E'a\tb', 'a tab'), ('a@b', 'an at'), ('a:b', 'a colon'), ('user:pass@host', 'credentials'), ('//host/x', 'a host'),
  ('a;b', 'a semicolon'), ('a&b', 'an ampersand'), ('a=b', 'an equals sign'), ('a''b', 'a quote'), ('a"b', 'a double quote'), ('a$b', 'a dollar'), ('a+b', 'a plus'), ('a*', 'a star'),
  ('1a', 'a digit in front'), ('-a', 'a hyphen in front'), ('_a', 'an underscore in front'), ('', 'nothing'), (repeat('a', 129), '129 letters'),
  ('аdmin', 'a Cyrillic a'), ('ａｂ', 'full-width letters'), ('naïve', 'an accent'), ('ﬁle', 'a ligature'), ('Ⅳ', 'a Roman numeral'), ('a／b', 'a full-width slash'),
  ('a․b', 'a one-dot leader'), (E'a\u200bb', 'a zero-width space'), (E'a\u202eb', 'a right-to-left mark'), (E'a\u00adb', 'a soft hyphen'), (E'a\u2028b', 'a line separator'),
  ('ſ', 'a long s'), (E'\u212a', 'a Kelvin sign'), ('İ', 'a dotted I'), ('a１', 'a full-width digit'), ('a‐b', 'a Unicode hyphen'), ('a‿b', 'a Unicode underscore');
grant select on trick to public;
create temporary table before as select (select count(*) from job) as jobs, (select count(*) from net.http_request_queue) as rings;

select pg_temp.act('ada');
select throws_ok(format('select queue_job(%L)', name), 'JQ422', null, format('queue_job refuses %s', what)) from trick;
select throws_ok(format('select queue_jobs(%L)', jsonb_build_array(jsonb_build_object('job_name', name))), 'JQ422', null, format('queue_jobs refuses %s', what)) from trick;
select throws_ok(format('insert into public.job (job_name) values (%L)', name), 'JQ422', null, format('the table refuses %s', what)) from trick;
select throws_ok(format('select queue_jobs(%L)', jobs), 'JQ422', null, format('queue_jobs refuses a name that is %s', what)) from (values
  ('[{"job_name": null}]'::jsonb, 'null'), ('[{"job_name": 5}]', 'a number'), ('[{"job_name": ["a"]}]', 'an array'),
  ('[{"job_name": {"a": 1}}]', 'an object'), ('[{}]', 'missing')) t (jobs, what);
select pg_temp.act('service_role');
select throws_ok(format('select queue_job(%L)', name), 'JQ422', null, format('for servers too: %s', what)) from trick where what in ('a path upwards', 'a slash', 'a newline behind');
select pg_temp.act('admin');
select throws_ok(format('select private.queue_job_for_user(null, %L)', name), 'JQ422', null, format('and within the database: %s', what))
  from trick where what in ('a path upwards', 'a slash', 'a newline behind');
select throws_ok(format('insert into public.job_config (job_name) values (%L)', name), '23514', null, format('job_config refuses %s', what)) from trick;
insert into job (id, job_name, next_run_at) values ('00000000-0000-0000-0000-000000000009', 'fine', '2027-01-01');
select throws_ok(format('update public.job set job_name = %L where job_name = %L', name, 'fine'), 'JQ422', null, format('nor is a job renamed to %s', what)) from trick;
delete from job where job_name = 'fine';
select pg_temp.commit();
select results_eq($$ select (select count(*) from job), (select count(*) from net.http_request_queue) $$, $$ select jobs, rings from before $$, 'nothing was queued and nothing rung');

-- Texts are only texts
create temporary table odd (value text);
insert into odd values ('''; drop table public.job; --'), ('%s %L %I %1$s'), ('$$; select 1; $$'), (E'\\''; --'), ('{"a": 1}'), (E'a\u0001\u001f\u007f'), ('null'), (repeat('x', 255)), ('<script>'), ('𝄞€');
grant select on odd to public;
select pg_temp.act('ada');
select lives_ok(format('select queue_job(%L, to_jsonb(%L::text), _unique_key => %L)', 'odd', value, value), format('%s is a fine body and key', left(value, 30))) from odd;
select set_eq($$ select unique_key from job where job_name = 'odd' $$, $$ select value from odd $$, 'each is kept as it is');
select lives_ok(format('select log_job(id, %L) from public.job where unique_key = %L', value, value), format('%s is a fine log line', left(value, 30))) from odd;
select set_eq($$ select log_message from job_logs where source = 'user' $$, $$ select value from odd $$, 'each is kept as it is');
select throws_ok(format('select log_job(id, %L, %L) from public.job limit 1', 'x', value), 'JQ422', null, format('%s is no level', left(value, 30))) from odd where value not in ('null');
select pg_temp.act('admin');
select pg_temp.commit();
-- Bodies: JSON of every kind, deep, and with what text cannot hold
select pg_temp.act('bob');
select lives_ok(format('select queue_job(%L, %L)', 'body' || n, body), format('a body that is %s', what)) from (values
  (1, '[]', 'an array'), (2, '"text"', 'a text'), (3, '5', 'a number'), (4, 'null', 'null'), (5, 'true', 'a boolean'), (6, '{"": ""}', 'an empty key'),
  (7, '{"__proto__": {"a": 1}, "X-Job-Token": "x"}', 'full of names'), (8, repeat('[', 5000) || repeat(']', 5000), 'nested 5,000 deep'), (9, '1e1000', 'a huge number')) t (n, body, what);
select throws_ok($$ select queue_job('body', '"\u0000"') $$, '22P05', null, 'NUL is refused');
select throws_ok($$ select queue_job('body', '{') $$, '22P02', null, 'what is no JSON is refused');
select pg_temp.act('admin');
select pg_temp.commit();
select isnt_empty($$ select 1 from net.http_request_queue where url like '%/body8' $$, 'they are rung');
select is_empty($$ select url from net.http_request_queue q where url !~ '^http://127\.0\.0\.1:54321/functions/v1/[a-zA-Z][a-zA-Z0-9_-]{0,127}$' $$, 'no other URL was ever made');
select is_empty($$ select 1 from net.http_request_queue q where headers::text ~* 'service_role' or convert_from(decode(rpad(translate(split_part(headers ->> 'Authorization', '.', 2), '-_', '+/'),
  (length(split_part(headers ->> 'Authorization', '.', 2)) + 3) / 4 * 4, '='), 'base64'), 'UTF8') ~ 'service_role' $$, 'and no ring carries a service credential');

select * from finish();
rollback;
