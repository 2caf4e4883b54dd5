-- explain_job: one sentence for every state and cause.
begin;
set local search_path = public, extensions;
select plan(28);
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
create function pg_temp.make(_id integer, _name text, _user text default 'a0000000-0000-0000-0000-000000000000') returns uuid language plpgsql as $$
begin
  insert into job (id, user_id, job_name, created_at) values (lpad(_id::text, 32, '0')::uuid, _user::uuid, _name, private.now() + _id * interval '1 ms');
  return lpad(_id::text, 32, '0')::uuid;
end $$;
create function pg_temp.id(_id integer) returns uuid language sql as $$ select lpad(_id::text, 32, '0')::uuid $$;
create function pg_temp.says(_id integer) returns text language plpgsql as $$
declare v_text text;
begin
  perform pg_temp.act('admin');
  return explain_job(pg_temp.id(_id));
end $$;

-- The clockwork
update private.dispatcher set last_run_at = null;
select pg_temp.make(1, 'work');
select is(pg_temp.says(1), 'waiting: the dispatcher has never run: is pg_cron up? select * from cron.job', 'pg_cron never ran');
update private.dispatcher set last_run_at = private.now() - interval '7 minutes';
select is(pg_temp.says(1), 'waiting: the dispatcher has not run for 00:07:00: is pg_cron up?', 'pg_cron stands still');
update private.dispatcher set last_run_at = private.now();
delete from vault.secrets where name = 'app.jwt_secret';
select is(pg_temp.says(1), 'waiting: the Vault secret app.jwt_secret is missing: seed it with npm run vault', 'the Vault is not seeded');
select vault.create_secret('super-secret-jwt-token-with-at-least-32-characters-long', 'app.jwt_secret') is null as seeded;

-- Pending and due
select is(pg_temp.says(1), 'due: it is rung with the next tick, within seconds', 'it is next');
select pg_temp.make(2, 'work');
select is(pg_temp.says(2), 'due: 1 jobs of the same lane are before it', 'others are before it');
insert into job_config (job_name, enabled) values ('off', false);
select pg_temp.make(3, 'off');
select is(pg_temp.says(3), 'waiting: off is disabled in job_config', 'its name is disabled');
insert into auth.users (id, banned_until) values ('cc000000-0000-0000-0000-000000000000', '2026-03-01');
insert into auth.users (id, deleted_at) values ('dd000000-0000-0000-0000-000000000000', '2026-01-01');
select pg_temp.make(4, 'work', 'cc000000-0000-0000-0000-000000000000');
select matches(pg_temp.says(4), '^waiting: its user is banned until 2026-03-01', 'its user is banned');
select pg_temp.make(5, 'work', 'dd000000-0000-0000-0000-000000000000');
select matches(pg_temp.says(5), '^waiting: its user was deleted at 2026-01-01.*; it will be canceled$', 'its user is deleted');
select private.run_jobs();
select matches(pg_temp.says(2), '^waiting: 1 of 1 slots of work is taken by job 00000000-0000-0000-0000-000000000001 since 2026-01-02 12:00', 'the slot is taken');
insert into job_config (job_name, global_concurrency_limit) values ('global', 1);
select pg_temp.make(6, 'global');
select pg_temp.make(7, 'global', 'b0000000-0000-0000-0000-000000000000');
select private.run_jobs();
select is(pg_temp.says(7), 'waiting: all 1 slots that global has for all users together are taken', 'the slots of all users are taken');
insert into job_config (job_name, rate_limit, rate_period) values ('rated', 2, '1 hour');
insert into private.job_start select 'rated', private.now() from generate_series(1, 2);
select pg_temp.make(8, 'rated');
select is(pg_temp.says(8), 'waiting: rated started 2 times within 01:00:00, its rate_limit', 'the rate is used up');
insert into job (job_name, state, locked_at, attempt) select 'flood', 'running', private.now(), 1 from generate_series(1, 200);
insert into private.job_attempt (job_id, attempt, request_id, rung_at, lease_expires_at)
  select id, 1, -row_number() over (), private.now(), private.now() + interval '1 hour' from job where job_name = 'flood';
select pg_temp.make(9, 'full');
select is(pg_temp.says(9), 'waiting: 200 rings are in flight, as many as pg_net sends at once', 'a batch is in flight');
delete from job where job_name = 'flood';

-- Pending and delayed
insert into job (id, job_name, next_run_at) values (pg_temp.id(10), 'later', '2026-01-02 13:30:00+00');
select matches(pg_temp.says(10), '^delayed until 2026-01-02 13:30:00.*, for 01:30:00 more$', 'it is delayed');
select private.fail_job_with_retry(pg_temp.id(1), 'the function answered 500', '4 minutes');
select is(pg_temp.says(1), 'retry 2 of 3 in 00:04:00: the function answered 500', 'it waits for a retry');

-- Running
select pg_temp.make(11, 'run');
select private.run_jobs();
select matches(pg_temp.says(11), '^running: pg_net has had its ring since 2026-01-02 12:00:00.* and is sending it or waiting for the answer$', 'pg_net has it');
set local private.frozen_now = '2026-01-02 12:04:00+00';
select matches(pg_temp.says(11), 'not finished it: is the pg_net worker up\? select net\.worker_restart\(\)$', 'for too long');
set local private.frozen_now = '2026-01-02 12:00:00+00';
delete from net.http_request_queue;
select matches(pg_temp.says(11), '^running: attempt 1 was rung at 2026-01-02 12:00:00.* and its function has not reported; it counts as failed if silent until 2026-01-02 12:03:30', 'it was accepted');
select start_job(pg_temp.id(11), (select token from private.job_attempt where job_id = pg_temp.id(11))) is null as started;
select matches(pg_temp.says(11), '^running: attempt 1 since 2026-01-02 12:00:00.*, last heard of at .*; it counts as failed if silent until 2026-01-02 12:01:00', 'it has started');
select cancel_job(pg_temp.id(11)) is null as asked;
select matches(pg_temp.says(11), '^stopping: asked at 2026-01-02 12:00:00.*, its function hears it at its next heartbeat: attempt 1 since', 'it is asked to stop');
insert into job (id, job_name, state, locked_at) values (pg_temp.id(12), 'imported', 'running', private.now());
select matches(pg_temp.says(12), '^running without an attempt \(the row was imported or edited\): it counts as failed 15 minutes after', 'it runs without an attempt');

-- Ended
select pg_temp.end_attempt(pg_temp.id(11), 1, 'canceled', 'the user asked');
select matches(pg_temp.says(11), '^canceled at 2026-01-02 12:00:00.*: the user asked; retry_job queues it again$', 'it was canceled');
select dequeue_job(pg_temp.id(3)) is null as dequeued;
select matches(pg_temp.says(3), '^canceled at 2026-01-02 12:00:00[^:]*; retry_job queues it again$', 'or dequeued');
select pg_temp.make(13, 'run', 'b0000000-0000-0000-0000-000000000000');
select private.run_jobs();
select pg_temp.end_attempt(pg_temp.id(13), 1, 'completed');
select matches(pg_temp.says(13), '^completed at 2026-01-02 12:00:00.* with attempt 1$', 'it completed');
select pg_temp.make(14, 'run', 'b0000000-0000-0000-0000-000000000000');
update job set max_retries = 1 where id = pg_temp.id(14);
select private.run_jobs();
select private.fail_job_with_retry(pg_temp.id(14), 'the function answered 500');
select matches(pg_temp.says(14), '^failed at 2026-01-02 12:00:00.* after 1 of 1 tries: the function answered 500; retry_job queues it again$', 'it failed');
select pg_temp.make(15, 'run', 'b0000000-0000-0000-0000-000000000000');
select private.run_jobs();
select pg_temp.end_attempt(pg_temp.id(15), 1, 'failed_permanently', 'no such day');
select matches(pg_temp.says(15), '^failed at 2026-01-02 12:00:00.* after 1 of 3 tries: no such day; retry_job queues it again$', 'it failed for good');

-- The least priority, behind another job
select id is not null from (select private.queue_job_for_user('a0000000-0000-0000-0000-000000000000', 'least', _priority => p) as id
  from unnest('{5,-2147483648}'::integer[]) p) queued;
select matches(explain_job((select id from job where job_name = 'least' and priority < 0)), '1 jobs of the same lane are before it', 'the least priority there is');

-- Whoever may not see a job gets no explanation; its owner does.
select pg_temp.act('bob');
select throws_ok($$ select explain_job(pg_temp.id(1)) $$, 'JQ404', null, 'another user''s job: JQ404');
select matches(explain_job(pg_temp.id(15)), '^failed at ', 'its owner is told');

select * from finish();
rollback;
