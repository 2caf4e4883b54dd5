-- What each answer to a ring means for its job, and which responses are none of our business.
begin;
set local search_path = public, extensions;
select plan(78);
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

-- A rung job of a name of its own, and the answer to its ring. Headers echo both unless told otherwise.
create function pg_temp.ring(_id uuid) returns void language plpgsql as $$
begin
  insert into job (id, user_id, job_name) values (_id, 'a0000000-0000-0000-0000-000000000000', 'f-' || left(_id::text, 8));
  perform private.run_jobs();
end $$;
create function pg_temp.echo(_id uuid) returns jsonb language sql as $$
  select jsonb_build_object('X-Job', 'true', 'X-Correlation-ID', _id) $$;
create function pg_temp.answer(_id uuid, _status integer, _headers jsonb default null, _content text default null,
  _timed_out boolean default false, _error text default null) returns void language sql as $$
  delete from net.http_request_queue q using private.job_attempt a where q.id = a.request_id and a.job_id = _id;
  insert into net._http_response (id, status_code, headers, content, timed_out, error_msg, created)
  select a.request_id, _status, _headers, _content, _timed_out, _error, private.now()
  from private.job_attempt a where a.job_id = _id and a.finished_at is null $$;
-- What became of a new job that was answered like this: state, and the last log line.
create function pg_temp.after(_status integer, _headers jsonb default null, _content text default null,
  _timed_out boolean default false, _error text default null) returns text language plpgsql as $$
declare v_id uuid := gen_random_uuid();
begin
  perform pg_temp.ring(v_id);
  perform pg_temp.answer(v_id, _status, replace(_headers::text, '@id', v_id::text)::jsonb, _content, _timed_out, _error);
  perform private.process_jobs();
  return (select j.state || ' ' || (select l.log_message from job_logs l where l.job_id = v_id order by l.id desc limit 1)
    from job j where j.id = v_id);
end $$;
create function pg_temp.both() returns jsonb language sql as $$ select '{"X-Job": "true", "X-Correlation-ID": "@id"}'::jsonb $$;

-- The answer table, with both headers
select is(pg_temp.after(200, pg_temp.both()), 'completed Attempt 1 completed.', '200 completes');
select is(pg_temp.after(201, pg_temp.both()), 'completed Attempt 1 completed.', '201 completes');
select is(pg_temp.after(204, pg_temp.both()), 'completed Attempt 1 completed.', '204 completes');
select matches(pg_temp.after(202, pg_temp.both()), '^running Attempt 1: rung', '202 is accepted: it runs on');
select matches(pg_temp.after(500, pg_temp.both(), 'boom'), '^pending Attempt 1 failed: the function answered 500: boom\. Try 2 of 3',
  '500 is retried, with the answer in the log');
select matches(pg_temp.after(404, pg_temp.both()), '^pending .*the function answered 404', 'a 404 of the function is retried');
select matches(pg_temp.after(302, pg_temp.both()), '^pending .*the function answered 302', 'so is a redirect');
select matches(pg_temp.after(206, pg_temp.both()), '^pending .*the function answered 206', 'and any other 2xx');
select matches(pg_temp.after(400, pg_temp.both() || '{"X-Job-Retry": "never"}', 'no such day'),
  '^failed Attempt 1 failed: the function answered 400: no such day\. Not retried\.', 'X-Job-Retry: never fails for good');
select matches(pg_temp.after(400, pg_temp.both() || '{"x-job-retry": "NEVER"}'), '^failed ', 'in any case');

-- Retry-After
create function pg_temp.retry_in(_value text) returns interval language plpgsql as $$
declare v_id uuid := gen_random_uuid();
begin
  perform pg_temp.ring(v_id);
  perform pg_temp.answer(v_id, 503, pg_temp.echo(v_id) || jsonb_build_object('Retry-After', _value));
  perform private.process_jobs();
  return (select j.next_run_at - private.now() from job j where j.id = v_id);
end $$;
select is(pg_temp.retry_in('42'), '42 seconds'::interval, 'Retry-After in seconds is honoured');
select is(pg_temp.retry_in('Fri, 02 Jan 2026 12:02:00 GMT'), '2 minutes'::interval, 'Retry-After as a date is honoured');
select is(pg_temp.retry_in('999999999'), '1 day'::interval, 'up to a day');
select is(pg_temp.retry_in('infinity'), '1 day'::interval, 'also one that is no number');
select cmp_ok(pg_temp.retry_in('soon'), '>=', '270 seconds'::interval, 'garbage means the back-off');
select cmp_ok(pg_temp.retry_in('99999999999999999999'), '>=', '270 seconds'::interval, 'a number too large too');

select is(private.retry_after(v), null, format('%s is no Retry-After', v)) from unnest('{soon,-1,"1 hour from now",99999999999999999999}'::text[]) v;
select is(private.header(h, 'X-Job'), null, format('headers that are %s have no X-Job', coalesce(h::text, 'null'))) from unnest(array['[1]', '"x"', '5', 'null', '{}', null]::jsonb[]) h;

-- Results
create function pg_temp.result(_content text) returns jsonb language plpgsql as $$
declare v_id uuid := gen_random_uuid();
begin
  perform pg_temp.ring(v_id);
  perform pg_temp.answer(v_id, 200, pg_temp.echo(v_id), _content);
  perform private.process_jobs();
  return (select coalesce(j.result, to_jsonb(j.state)) from job j where j.id = v_id);
end $$;
select is(pg_temp.result('{"sent": 3}'), '{"sent": 3}', 'a JSON body is kept as the result');
select is(pg_temp.result('done'), '"completed"', 'another body is not, and does no harm');
select is(pg_temp.result('"\u0000"'), '"completed"', 'nor does JSON that jsonb cannot hold');
select is(pg_temp.result(to_jsonb(repeat('a', 65534))::text), to_jsonb(repeat('a', 65534)), 'up to 64 KiB');
select is(pg_temp.result(to_jsonb(repeat('a', 65535))::text), '"completed"', 'and not more');
select is(pg_temp.result(repeat('[', 20000)), '"completed"', 'deep nesting does no harm');

-- Header names in any case, ids in any case
select is(pg_temp.after(200, '{"x-job": "true", "x-correlation-id": "@id"}'), 'completed Attempt 1 completed.', 'lower case headers');
select is(pg_temp.after(200, '{"X-JOB": "1", "X-CORRELATION-ID": "@id"}'), 'completed Attempt 1 completed.', 'upper case headers');
select pg_temp.ring('abcdef00-0000-0000-0000-00000000000a');
select pg_temp.answer('abcdef00-0000-0000-0000-00000000000a', 204, '{"x-job": "true", "x-correlation-id": "ABCDEF00-0000-0000-0000-00000000000A"}');
select private.process_jobs();
select is((select state from job where id = 'abcdef00-0000-0000-0000-00000000000a'), 'completed', 'an id in upper case');

-- Without the headers
select is(pg_temp.after(200, '{}'), 'failed Attempt 1 failed: the function answered 200 but did not echo X-Job and X-Correlation-ID. Not retried.',
  'a 200 without the headers is a permanent failure that names them');
select is(pg_temp.after(204, '{"X-Job": "true"}'), 'failed Attempt 1 failed: the function answered 204 but did not echo X-Correlation-ID. Not retried.',
  'or the one that is missing');
select is(pg_temp.after(202, '{"X-Correlation-ID": "@id"}'), 'failed Attempt 1 failed: the function answered 202 but did not echo X-Job. Not retried.',
  'whichever it is');
select matches(pg_temp.after(200, '{"X-Job": "true", "X-Correlation-ID": "not-a-uuid"}'), '^failed .*did not echo X-Correlation-ID',
  'a correlation id that is no UUID is none');
select matches(pg_temp.after(200, '{"X-Job": "true", "X-Correlation-ID": "00000000-0000-0000-0000-000000000000"}'),
  '^failed .*did not echo X-Correlation-ID', 'nor is another job''s');
select matches(pg_temp.after(200, '{"X-Job": ["true"], "X-Correlation-ID": {"a": 1}}'), '^failed ', 'nor is one that is no text');
select matches(pg_temp.after(200, '[1, 2]'), '^failed .*did not echo', 'headers that are no object');
select matches(pg_temp.after(200, '"x"'), '^failed .*did not echo', 'or a text');
select matches(pg_temp.after(200, null), '^failed .*did not echo', 'or not there at all');

-- The gateway's answers and none
select matches(pg_temp.after(401, '{}'), '^pending .*the gateway answered 401, the token was refused: check Vault app\.jwt_secret', '401');
select matches(pg_temp.after(403, '{}'), '^pending .*the gateway answered 403, the token was refused', '403');
select matches(pg_temp.after(404, '{}'), '^pending .*no function named f-[0-9a-f]{8} is deployed \(404\)', '404');
select matches(pg_temp.after(503, '{}'), '^pending .*could not boot \(503\)', '503');
select matches(pg_temp.after(504, '{}'), '^pending .*did not answer within the gateway''s limit \(504\)', '504');
select matches(pg_temp.after(546, '{}'), '^pending .*CPU, memory or wall-clock limit \(546\)', '546');
select matches(pg_temp.after(500, '{}'), '^pending .*the gateway answered 500 without the headers of a job', 'another one');
select matches(pg_temp.after(null, null, null, true, 'Timeout of 5000 ms reached'), '^pending .*no answer in time: Timeout of 5000 ms reached', 'a time-out');
select matches(pg_temp.after(null, null, null, false, 'Couldn''t connect to server'), '^pending .*no connection to the function: Couldn''t connect', 'no connection');
select matches(pg_temp.after(null, null, null, null, null), '^pending .*no connection to the function: unknown error', 'a response of nulls');

-- Only our own responses
delete from net._http_response;
insert into net._http_response (id, status_code, headers, created) values
  (-1, 200, '{"X-Job": "true", "X-Correlation-ID": "zzz"}', private.now()),
  (-2, 200, null, private.now());
select pg_temp.ring('000000f1-0000-0000-0000-000000000000');
insert into net._http_response (id, status_code, headers, created)
values (-3, 200, pg_temp.echo('000000f1-0000-0000-0000-000000000000'), private.now());
select is(private.process_jobs(), 0, 'foreign responses are not read');
select is((select state from job where id = '000000f1-0000-0000-0000-000000000000'), 'running',
  'whoever sends our headers from elsewhere completes nothing');
select pg_temp.answer('000000f1-0000-0000-0000-000000000000', 200, pg_temp.echo('000000f1-0000-0000-0000-000000000000'));
select is(private.process_jobs(), 1, 'ours is');
select set_eq($$ select id from net._http_response $$, $$ values (-1::bigint), (-2), (-3) $$, 'and deleted, and nothing else');
-- A response from before the ring, that has its id because ids began again
select pg_temp.ring('000000f2-0000-0000-0000-000000000000');
insert into net._http_response (id, status_code, headers, created)
  select request_id, 500, '{}', private.now() - interval '5 minutes' from private.job_attempt where job_id = '000000f2-0000-0000-0000-000000000000';
select private.process_jobs();
select is((select state from job where id = '000000f2-0000-0000-0000-000000000000'), 'running', 'an older response with the same id is not its answer');
-- A ring whose id was given again after pg_net's tables came back empty: the answer is the newer ring's.
select pg_temp.ring('000000f3-0000-0000-0000-000000000000');
delete from net.http_request_queue;
set local private.frozen_now = '2026-01-02 12:00:20+00';
select pg_temp.ring('000000f4-0000-0000-0000-000000000000');
update private.job_attempt set request_id = (select request_id from private.job_attempt where job_id = '000000f3-0000-0000-0000-000000000000')
where job_id = '000000f4-0000-0000-0000-000000000000';
select pg_temp.answer('000000f4-0000-0000-0000-000000000000', 200, pg_temp.echo('000000f4-0000-0000-0000-000000000000'));
select private.process_jobs();
select results_eq($$ select state from job where id in ('000000f3-0000-0000-0000-000000000000', '000000f4-0000-0000-0000-000000000000') order by id $$,
  $$ values ('running'), ('completed') $$, 'an answer is the newest ring''s of that id, and an older lost one is left to its lease');
-- The same, but its id was given to a request that is none of ours
select pg_temp.ring('000000f5-0000-0000-0000-000000000000');
delete from private.net_life;
select pg_temp.answer('000000f5-0000-0000-0000-000000000000', 200);
select is(private.process_jobs(), 0, 'after a crash a stranger''s answer with a lost ring''s id is not read');
select is((select state from job where id = '000000f5-0000-0000-0000-000000000000'), 'running', 'and fails no job');
select isnt((select n from private.current_net_life() n), null, 'the next ring begins a new life of ids');
delete from net._http_response where id >= 0;
set local private.frozen_now = '2026-01-02 12:00:00+00';

-- Each attempt's own
delete from job;
insert into job_config (job_name, backoff_seconds, backoff_max_seconds) values ('f-000000a1', 0, 0);
select pg_temp.ring('000000a1-0000-0000-0000-000000000000');
create temporary table first_ring as select request_id from private.job_attempt where job_id = '000000a1-0000-0000-0000-000000000000';
set local private.frozen_now = '2026-01-02 12:10:00+00';
select private.fail_job_with_retry('000000a1-0000-0000-0000-000000000000', 'given up');
select private.run_jobs();
select is((select state || attempt from job where id = '000000a1-0000-0000-0000-000000000000'), 'running2', 'a second attempt runs');
insert into net._http_response (id, status_code, headers, created)
  select request_id, 200, pg_temp.echo('000000a1-0000-0000-0000-000000000000'), private.now() from first_ring;
select is(private.process_jobs(), 1, 'the late answer of the first attempt is read');
select is((select state || attempt from job where id = '000000a1-0000-0000-0000-000000000000'), 'running2', 'and changes nothing');
select is((select count(*) from net._http_response where id = (select request_id from first_ring)), 0::bigint, 'and is deleted');
select pg_temp.answer('000000a1-0000-0000-0000-000000000000', 500, '{}');
update private.job_attempt set started_at = private.now() where job_id = '000000a1-0000-0000-0000-000000000000' and attempt = 2;
select private.process_jobs();
select is((select state || attempt from job where id = '000000a1-0000-0000-0000-000000000000'), 'running2',
  'an attempt that has started reports by itself: whatever its ring was answered does not count');
select pg_temp.ring('000000a2-0000-0000-0000-000000000000');
select pg_temp.answer('000000a2-0000-0000-0000-000000000000', 200, pg_temp.echo('000000a2-0000-0000-0000-000000000000'));
select pg_temp.answer('000000a2-0000-0000-0000-000000000000', 500, pg_temp.echo('000000a2-0000-0000-0000-000000000000'));
select private.process_jobs();
select private.process_jobs();
select is((select count(*) from job_logs where job_id = '000000a2-0000-0000-0000-000000000000' and log_message like 'Attempt 1 %'), 1::bigint,
  'two answers to one ring: one outcome');
select pg_temp.ring('000000a3-0000-0000-0000-000000000000');
select cancel_job('000000a3-0000-0000-0000-000000000000');
select pg_temp.answer('000000a3-0000-0000-0000-000000000000', 500, pg_temp.echo('000000a3-0000-0000-0000-000000000000'));
select private.process_jobs();
select is((select state from job where id = '000000a3-0000-0000-0000-000000000000'), 'canceled', 'a canceled job is not revived by a failure');

-- One bad answer does not stop the others, even if its job cannot be moved on.
select pg_temp.ring('000000b1-0000-0000-0000-000000000000');
select pg_temp.ring('000000b2-0000-0000-0000-000000000000');
create function pg_temp.refuse() returns trigger language plpgsql as $$ begin raise exception 'cannot be moved on'; end $$;
create trigger refuse before update on job for each row
  when (old.id = '000000b1-0000-0000-0000-000000000000' and new.state <> 'running') execute function pg_temp.refuse();
select pg_temp.answer('000000b1-0000-0000-0000-000000000000', 200, pg_temp.echo('000000b1-0000-0000-0000-000000000000'));
select pg_temp.answer('000000b2-0000-0000-0000-000000000000', 200, pg_temp.echo('000000b2-0000-0000-0000-000000000000'));
select lives_ok($$ select private.process_jobs() $$, 'an answer that cannot be recorded does not stop process_jobs');
select is((select state from job where id = '000000b2-0000-0000-0000-000000000000'), 'completed', 'nor the answers behind it');
drop trigger refuse on job;

-- 202: the lease begins
select pg_temp.ring('000000c1-0000-0000-0000-000000000000');
set local private.frozen_now = '2026-01-02 12:10:30+00';
select pg_temp.answer('000000c1-0000-0000-0000-000000000000', 202, pg_temp.echo('000000c1-0000-0000-0000-000000000000'));
select private.process_jobs();
select is((select lease_expires_at from private.job_attempt where job_id = '000000c1-0000-0000-0000-000000000000'),
  private.now() + interval '60 seconds', 'an accepted attempt has one lease to start');
set local private.frozen_now = '2026-01-02 12:11:30+00';
select private.reset_stuck_jobs();
select is((select last_error from job where id = '000000c1-0000-0000-0000-000000000000'), 'its function accepted it and never started it',
  'or it fails with that reason');
-- Slots that answers free are filled at once.
insert into job (user_id, job_name) select 'a0000000-0000-0000-0000-000000000000', 'f-chain' from generate_series(1, 2);
select private.run_jobs();
insert into net._http_response (id, status_code, headers, created)
  select a.request_id, 200, pg_temp.echo(j.id), private.now() from private.job_attempt a join job j on j.id = a.job_id
  where j.job_name = 'f-chain' and j.state = 'running';
select private.process_jobs();
select is((select string_agg(state, ',' order by state) from job where job_name = 'f-chain'), 'completed,running', 'the next job is rung with the answer to the last');

-- The schedules stood still for an hour and reset-stuck-jobs is the first to run again: an answer that lies there counts.
select pg_temp.ring('00000000-0000-0000-0000-0000000000aa'), pg_temp.ring('00000000-0000-0000-0000-0000000000ab');
select pg_temp.answer('00000000-0000-0000-0000-0000000000aa', 204, pg_temp.echo('00000000-0000-0000-0000-0000000000aa'));
select pg_temp.answer('00000000-0000-0000-0000-0000000000ab', 202, pg_temp.echo('00000000-0000-0000-0000-0000000000ab'));
set local private.frozen_now = '2026-01-02 13:00:00+00';
select private.reset_stuck_jobs();
select is((select state || ' ' || retries from job where id = '00000000-0000-0000-0000-0000000000aa'), 'completed 0', 'an unread 204 completes its job');
select is((select state || ' ' || retries from job where id = '00000000-0000-0000-0000-0000000000ab'), 'running 0', 'an unread 202 has its lease from now on');

-- One job that cannot be ended takes no other's answer away.
delete from job;
create function pg_temp.refuse_one() returns trigger language plpgsql as $$ begin raise exception 'a trigger of somebody''s own'; end $$;
create trigger refuses_one before update on job for each row when (old.id = 'c0000000-0000-0000-0000-000000000000') execute function pg_temp.refuse_one();
alter table job disable trigger refuses_one;
select pg_temp.ring('c0000000-0000-0000-0000-000000000000'), pg_temp.ring('c1000000-0000-0000-0000-000000000000');
select pg_temp.answer('c1000000-0000-0000-0000-000000000000', 200, pg_temp.echo('c1000000-0000-0000-0000-000000000000'));
delete from net.http_request_queue;
alter table job enable trigger refuses_one;
set local private.frozen_now = '2026-01-02 14:00:00+00';
select private.reset_stuck_jobs();
select is((select state || ' ' || retries from job where id = 'c1000000-0000-0000-0000-000000000000'), 'completed 0', 'beside a job that cannot be ended an unread 200 counts');
alter table job disable trigger refuses_one;

select * from finish();
rollback;
