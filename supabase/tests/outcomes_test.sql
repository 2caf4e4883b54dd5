-- How attempts end: tries, back-off, caps, release, expiry, cancellation, and what the log says.
begin;
set local search_path = public, extensions;
select plan(58);
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
create function pg_temp.end_attempt(_id uuid, _attempt integer, _outcome text, _error text default null,
  _result jsonb default null, _delay interval default null) returns text language sql as $$
  select private.end_attempt(j, _attempt, _outcome, _error, _result, _delay) from job j where j.id = _id $$;
alter table job disable trigger job_ring_at_commit;
insert into job_config (job_name, backoff_seconds, backoff_max_seconds) values ('quick', 10, 100), ('at-once', 0, 0);

-- A running job with a live attempt.
create function pg_temp.run(_id uuid, _name text default 'plain', _max_retries integer default 3) returns void
language plpgsql as $$
begin
  insert into job (id, user_id, job_name, max_retries) values (_id, 'a0000000-0000-0000-0000-000000000000', _name, _max_retries);
  perform pg_temp.claim(_id);
end $$;
create function pg_temp.claim(_id uuid) returns void language plpgsql as $$
begin
  update job set state = 'running', next_run_at = null, attempt = attempt + 1, locked_at = private.now(), last_run_at = private.now() where id = _id;
  insert into private.job_attempt (job_id, attempt, rung_at, lease_expires_at, started_at)
  select id, attempt, private.now(), private.now() + interval '1 minute', private.now() from job where id = _id;
end $$;
create function pg_temp.job(_id uuid) returns job language sql as $$ select j from job j where id = _id $$;
create function pg_temp.last_log(_id uuid) returns text language sql as $$
  select log_level || ': ' || log_message from job_logs where job_id = _id order by id desc limit 1 $$;
create function pg_temp.outcome(_id uuid) returns text language sql as $$
  select outcome from private.job_attempt where job_id = _id order by attempt desc limit 1 $$;

-- Completed
select pg_temp.run('00000000-0000-0000-0000-000000000001');
select is(pg_temp.end_attempt('00000000-0000-0000-0000-000000000001', 1, 'completed', null, '{"ok": true}'), 'completed',
  'a completed attempt completes its job');
select results_eq($$ select state, result, finished_at, locked_at, retries, last_error from job where id = '00000000-0000-0000-0000-000000000001' $$,
  $$ values ('completed', '{"ok": true}'::jsonb, private.now(), null::timestamptz, 0, null::text) $$, 'its result is kept and no try counted');
select is(pg_temp.last_log('00000000-0000-0000-0000-000000000001'), 'INFO: Attempt 1 completed.', 'and logged');
select is(pg_temp.end_attempt('00000000-0000-0000-0000-000000000001', 1, 'failed', 'late'), null, 'its outcome is recorded once');
select is((pg_temp.job('00000000-0000-0000-0000-000000000001')).state, 'completed', 'a second report changes nothing');
select is(pg_temp.outcome('00000000-0000-0000-0000-000000000001'), 'completed', 'nor does it touch the attempt');

-- Three tries in all with max_retries 3
select pg_temp.run('00000000-0000-0000-0000-000000000002', 'quick');
select is(private.fail_job_with_retry('00000000-0000-0000-0000-000000000002', 'boom'), 'pending', 'the first failure is retried');
select results_eq($$ select retries, last_error, locked_at, finished_at from job where id = '00000000-0000-0000-0000-000000000002' $$,
  $$ values (1, 'boom', null::timestamptz, null::timestamptz) $$, 'a try is spent and the reason kept');
select matches(pg_temp.last_log('00000000-0000-0000-0000-000000000002'), '^WARN: Attempt 1 failed: boom\. Try 2 of 3 at 2026-01-02 12:00',
  'the log says when the next try is');
select pg_temp.claim('00000000-0000-0000-0000-000000000002');
select is(private.fail_job_with_retry('00000000-0000-0000-0000-000000000002', 'boom'), 'pending', 'so is the second');
select pg_temp.claim('00000000-0000-0000-0000-000000000002');
select is(private.fail_job_with_retry('00000000-0000-0000-0000-000000000002', 'bang'), 'failed', 'the third is the last');
select results_eq($$ select state, retries, last_error, finished_at, next_run_at from job where id = '00000000-0000-0000-0000-000000000002' $$,
  $$ values ('failed', 3, 'bang', private.now(), null::timestamptz) $$, 'then the job has failed');
select is(pg_temp.last_log('00000000-0000-0000-0000-000000000002'), 'ERROR: Attempt 3 failed: bang. Failed after 3 of 3 tries.',
  'and the log does not promise a retry');
select pg_temp.run('00000000-0000-0000-0000-000000000003', 'quick', 1);
select is(private.fail_job_with_retry('00000000-0000-0000-0000-000000000003', 'boom'), 'failed', 'max_retries 1 means one try');
select is(private.fail_job_with_retry('00000000-0000-0000-0000-000000000003', 'boom'), null, 'a job that is not running cannot fail');

-- Its owner may lower max_retries while it waits for a retry: that must not get in the way of the engine.
select pg_temp.run('00000000-0000-0000-0000-000000000004', 'quick');
select private.fail_job_with_retry('00000000-0000-0000-0000-000000000004', 'boom');
select pg_temp.act('ada');
update job set max_retries = 1 where id = '00000000-0000-0000-0000-000000000004';
select pg_temp.act('admin');
select pg_temp.claim('00000000-0000-0000-0000-000000000004');
select lives_ok($$ select private.fail_job_with_retry('00000000-0000-0000-0000-000000000004', 'boom') $$,
  'a job whose max_retries was lowered to its retries can still fail');
select is((pg_temp.job('00000000-0000-0000-0000-000000000004')).state, 'failed', 'and then has failed');

-- Back-off: seconds x 2^retries, a tenth of jitter either way, capped
create function pg_temp.delays(_name text, _retries integer) returns setof double precision language plpgsql as $$
declare v_id uuid;
begin
  for n in 1..60 loop
    v_id := gen_random_uuid();
    insert into job (id, job_name, max_retries) values (v_id, _name, 100);
    perform pg_temp.claim(v_id);
    update job set retries = _retries where id = v_id;
    perform private.fail_job_with_retry(v_id, 'boom');
    return next extract(epoch from coalesce((pg_temp.job(v_id)).next_run_at, private.now()) - private.now());
  end loop;
end $$;
create temporary table delay as
  select 'plain' as name, r as retries, d from unnest('{0,1,2,9}'::int[]) r, pg_temp.delays('plain', r) d
  union all select 'quick', r, d from unnest('{0,3,4,98}'::int[]) r, pg_temp.delays('quick', r) d
  union all select 'at-once', 2, d from pg_temp.delays('at-once', 2) d;
create function pg_temp.within(_name text, _retries integer, _low double precision, _high double precision) returns boolean
language sql as $$ select min(d) >= _low and max(d) <= _high and count(*) = 60 from delay where name = _name and retries = _retries $$;
select ok(pg_temp.within('plain', 0, 270, 330), 'by default the first back-off is 5 minutes, a tenth more or less');
select ok(pg_temp.within('plain', 1, 540, 660), 'the second 10');
select ok(pg_temp.within('plain', 2, 1080, 1320), 'the third 20');
select ok(pg_temp.within('plain', 9, 19440, 23760), 'six hours are the cap');
select ok(pg_temp.within('quick', 0, 9, 11), 'backoff_seconds sets the first');
select ok(pg_temp.within('quick', 3, 72, 88), 'it doubles');
select ok(pg_temp.within('quick', 4, 90, 110), 'up to backoff_max_seconds');
select ok(pg_temp.within('quick', 98, 90, 110), 'however often it failed');
select ok(pg_temp.within('at-once', 2, 0, 0), 'backoff_seconds 0 retries at once');
select cmp_ok((select count(distinct d) from delay where name = 'plain' and retries = 0), '>', 30::bigint, 'the delays are jittered');

-- A delay that was asked for replaces the back-off
create function pg_temp.asked(_delay interval) returns interval language plpgsql as $$
declare v_id uuid := gen_random_uuid();
begin
  perform pg_temp.run(v_id);
  perform pg_temp.end_attempt(v_id, 1, 'failed', 'busy', null, _delay);
  return coalesce((pg_temp.job(v_id)).next_run_at, private.now()) - private.now();
end $$;
select is(pg_temp.asked('7 seconds'), '7 seconds'::interval, 'a delay that was asked for is honoured');
select is(pg_temp.asked('30 days'), '1 day'::interval, 'up to a day');
select is(pg_temp.asked('infinity'), '1 day'::interval, 'also if it is infinite');
select is(pg_temp.asked('-5 minutes'), '0'::interval, 'a negative one means at once');

-- Permanently
select pg_temp.run('00000000-0000-0000-0000-000000000005');
select is(pg_temp.end_attempt('00000000-0000-0000-0000-000000000005', 1, 'failed_permanently', 'no such day'), 'failed',
  'a permanent failure is not retried');
select is(pg_temp.last_log('00000000-0000-0000-0000-000000000005'), 'ERROR: Attempt 1 failed: no such day. Not retried.', 'and the log says so');

-- Released
select pg_temp.run('00000000-0000-0000-0000-000000000006');
select is(pg_temp.end_attempt('00000000-0000-0000-0000-000000000006', 1, 'released', null, null, '1 hour'), 'pending',
  'a released job is pending again');
select results_eq($$ select retries, next_run_at from job where id = '00000000-0000-0000-0000-000000000006' $$,
  $$ values (0, private.now() + interval '1 hour') $$, 'later, without a try spent');
select pg_temp.claim('00000000-0000-0000-0000-000000000006');
select pg_temp.end_attempt('00000000-0000-0000-0000-000000000006', 2, 'released', null, null, null);
select is((pg_temp.job('00000000-0000-0000-0000-000000000006')).next_run_at, null, 'or at once');

-- Silence: the lease
delete from job where job_name <> 'imported';
select pg_temp.run('00000000-0000-0000-0000-000000000007', 'quick', 2);
set local private.frozen_now = '2026-01-02 12:00:59+00';
select is(private.reset_stuck_jobs(), 0, 'within its lease an attempt may be silent');
set local private.frozen_now = '2026-01-02 12:01:00+00';
select is(private.reset_stuck_jobs(), 1, 'after it, it has expired');
select is(pg_temp.outcome('00000000-0000-0000-0000-000000000007'), 'expired', 'that is its outcome');
select is((pg_temp.job('00000000-0000-0000-0000-000000000007')).retries, 1, 'and counts as a try');
select pg_temp.claim('00000000-0000-0000-0000-000000000007');
set local private.frozen_now = '2026-01-02 12:05:00+00';
select private.reset_stuck_jobs();
select is((pg_temp.job('00000000-0000-0000-0000-000000000007')).state, 'failed', 'so a job that kills its function ends as failed');
select matches((pg_temp.job('00000000-0000-0000-0000-000000000007')).last_error, 'went silent$', 'with a reason');
set local private.frozen_now = '2026-01-02 12:00:00+00';

-- Rings that are lost: pg_net's tables came back empty
delete from job;
create function pg_temp.ring(_id uuid) returns void language plpgsql as $$
begin
  insert into job (id, user_id, job_name) values (_id, 'b0000000-0000-0000-0000-000000000000', 'rung-' || right(_id::text, 2));
  perform private.run_jobs();
end $$;
select pg_temp.ring('00000000-0000-0000-0000-000000000010');
delete from net.http_request_queue;
set local private.frozen_now = '2026-01-02 12:00:59+00';
select is(private.reset_stuck_jobs(), 0, 'a lost ring is not given up before a lease');
set local private.frozen_now = '2026-01-02 12:01:01+00';
select is(private.reset_stuck_jobs(), 1, 'and not left for longer');
select is((pg_temp.job('00000000-0000-0000-0000-000000000010')).last_error, 'pg_net lost the request: no answer ever came', 'with its reason');
select pg_temp.ring('00000000-0000-0000-0000-000000000011');
set local private.frozen_now = '2026-01-02 12:30:00+00';
select is(private.reset_stuck_jobs(), 0, 'a ring that pg_net has still queued is left alone');
set local private.frozen_now = '2026-01-02 13:02:00+00';
select is(private.reset_stuck_jobs(), 1, 'for an hour');
delete from job;
select pg_temp.ring('00000000-0000-0000-0000-000000000012');
insert into net._http_response (id, status_code, headers, created)
  select request_id, 202, '{}', private.now() from private.job_attempt where job_id = '00000000-0000-0000-0000-000000000012';
delete from net.http_request_queue;
set local private.frozen_now = '2026-01-02 13:04:00+00';
select is(private.reset_stuck_jobs(), 0, 'a ring whose answer waits to be read is left alone');
set local private.frozen_now = '2026-01-02 12:00:00+00';

-- Rows that run without an attempt
insert into job (id, job_name, state, locked_at) values
  ('00000000-0000-0000-0000-000000000020', 'imported', 'running', '2026-01-02 11:45:01+00'),
  ('00000000-0000-0000-0000-000000000021', 'imported', 'running', '2026-01-02 11:44:59+00');
select is(private.reset_stuck_jobs('15 minutes'), 1, 'a row that runs without an attempt is reset after the time-out');
select results_eq($$ select state, retries from job where id = '00000000-0000-0000-0000-000000000021' $$, $$ values ('pending', 1) $$,
  'and counts as a try');
-- A lost job row: an attempt of a job that was set pending by hand.
select pg_temp.run('00000000-0000-0000-0000-000000000022');
update job set state = 'pending', locked_at = null where id = '00000000-0000-0000-0000-000000000022';
select private.reset_stuck_jobs();
select is((select count(*) from private.job_attempt where job_id = '00000000-0000-0000-0000-000000000022' and finished_at is null), 0::bigint,
  'a live attempt of a job that does not run is ended');

-- Asked to stop
create function pg_temp.stopped(_outcome text) returns text language plpgsql as $$
declare v_id uuid := gen_random_uuid();
begin
  perform pg_temp.run(v_id);
  perform cancel_job(v_id);
  perform pg_temp.end_attempt(v_id, 1, _outcome, null);
  return (pg_temp.job(v_id)).state || ', ' || pg_temp.last_log(v_id);
end $$;
select matches(pg_temp.stopped('canceled'), '^canceled, INFO: Attempt 1 stopped', 'asked to stop and stopped: canceled');
select matches(pg_temp.stopped('failed'), '^canceled, ', 'asked to stop and failed: canceled, not retried');
select matches(pg_temp.stopped('expired'), '^canceled, .*went silent', 'asked to stop and silent: canceled');
select matches(pg_temp.stopped('released'), '^canceled, INFO: Attempt 1 stopped', 'asked to stop and released: canceled');
select matches(pg_temp.stopped('completed'), '^completed, ', 'asked to stop too late: completed');

-- Failed without saying why
select pg_temp.run('00000000-0000-0000-0000-000000000031');
select pg_temp.end_attempt('00000000-0000-0000-0000-000000000031', 1, 'failed_permanently');
select is((pg_temp.job('00000000-0000-0000-0000-000000000031')).last_error, 'no reason was given', 'a failed job always has a reason');

-- The fence behind it all
select pg_temp.run('00000000-0000-0000-0000-000000000030');
select throws_ok($$ insert into private.job_attempt (job_id, attempt, rung_at, lease_expires_at)
  values ('00000000-0000-0000-0000-000000000030', 2, private.now(), private.now()) $$, '23505', null,
  'a job has at most one live attempt');

select * from finish();
rollback;
