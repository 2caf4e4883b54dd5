-- Dispatch: ringing at commit, the tick, its limits, its order and its rounds.
begin;
set local search_path = public, extensions;
select plan(50);
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
-- A user by number, and so many due jobs of a user and name, without ringing them.
create function pg_temp.u(_n integer) returns uuid language sql as $$ select lpad(_n::text, 32, '0')::uuid $$;
create function pg_temp.make(_user uuid, _name text, _count integer default 1) returns void language plpgsql as $$
begin
  insert into job (user_id, job_name, request_body) select _user, _name, to_jsonb(n) from generate_series(1, _count) n;
  set constraints all deferred;
end $$;
create function pg_temp.running(_name text) returns bigint language sql as $$
  select count(*) from job where job_name = _name and state = 'running' $$;
-- From here on only the tick rings, until a test asks for ringing at commit.
alter table job disable trigger job_ring_at_commit;
insert into auth.users (id) select pg_temp.u(n) from generate_series(1, 1500) n;

-- One ring
insert into job_config (job_name, response_timeout_seconds, lease_seconds) values ('ring', 20, 30);
select pg_temp.make('a0000000-0000-0000-0000-000000000000', 'ring');
select is(private.run_jobs(), 1, 'run_jobs returns how many it rang');
select results_eq($$ select state, attempt, locked_at, last_run_at, retries from job where job_name = 'ring' $$,
  $$ values ('running', 1, private.now(), private.now(), 0) $$, 'a rung job is running with attempt 1');
create temporary table ring as
  select q.*, j.id as job_id, a.token, a.lease_expires_at, a.started_at
  from job j join private.job_attempt a on a.job_id = j.id join net.http_request_queue q on q.id = a.request_id
  where j.job_name = 'ring';
select is((select url from ring), private.supabase_url() || '/functions/v1/ring', 'it POSTs to /functions/v1/<job name>');
select is((select method from ring)::text, 'POST', 'by POST');
select is((select convert_from(body, 'UTF8') from ring)::jsonb, '1', 'the body is request_body');
select is((select timeout_milliseconds from ring), 20000, 'with response_timeout_seconds');
select results_eq($$ select headers - 'Authorization' from ring $$,
  $$ select jsonb_build_object('Content-Type', 'application/json', 'X-Job', 'true', 'X-Correlation-ID', job_id,
     'X-Job-Attempt', '1', 'X-Job-Token', token) from ring $$, 'with the headers of a ring');
select is((select headers ->> 'Authorization' from ring), private.generate_user_jwt(
  'a0000000-0000-0000-0000-000000000000', 'authenticated', 'ada@example.test'), 'and its user''s token');
select is((select lease_expires_at from ring), private.now() + interval '50 seconds', 'the lease covers the answer''s time too');
select is((select started_at from ring), null, 'the attempt has not started');
select is(private.run_jobs(), 0, 'a lane with a running job gets no second by default');
select is((select last_run_at from private.dispatcher), private.now(), 'the tick leaves word that it ran');

-- A job of the system
select pg_temp.make(null, 'system');
select private.run_jobs();
select is((select q.headers ->> 'Authorization' from job j join private.job_attempt a on a.job_id = j.id
    join net.http_request_queue q on q.id = a.request_id where j.job_name = 'system'),
  private.generate_user_jwt(null, 'anon', null), 'a job without a user carries an anon token');

-- Limits
insert into job_config (job_name, concurrency_limit) values ('three', 3);
select pg_temp.make('a0000000-0000-0000-0000-000000000000', 'three', 5);
select pg_temp.make('b0000000-0000-0000-0000-000000000000', 'three', 1);
select private.run_jobs(); select private.run_jobs();
select is(pg_temp.running('three'), 4::bigint, 'concurrency_limit counts per user');
insert into job_config (job_name, concurrency_limit, global_concurrency_limit) values ('both', 3, 4);
select pg_temp.make(pg_temp.u(n), 'both', 5) from generate_series(1, 3) n;
select private.run_jobs(); select private.run_jobs();
select is(pg_temp.running('both'), 4::bigint, 'global_concurrency_limit counts per name');
insert into job_config (job_name, concurrency_limit, rate_limit, rate_period) values ('rated', 100, 3, '1 minute');
select pg_temp.make(pg_temp.u(n), 'rated', 5) from generate_series(1, 3) n;
select private.run_jobs(); select private.run_jobs();
select is(pg_temp.running('rated'), 3::bigint, 'rate_limit counts starts of a name');
set local private.frozen_now = '2026-01-02 12:00:59+00'; select private.run_jobs();
select is(pg_temp.running('rated'), 3::bigint, 'within rate_period');
set local private.frozen_now = '2026-01-02 12:01:00+00'; select private.run_jobs();
select is(pg_temp.running('rated'), 6::bigint, 'and no longer');
set local private.frozen_now = '2026-01-02 12:00:00+00';
insert into job_config (job_name, enabled) values ('off', false);
select pg_temp.make(pg_temp.u(1), 'off');
select private.run_jobs();
select is(pg_temp.running('off'), 0::bigint, 'a disabled name waits');
update job_config set enabled = true where job_name = 'off';
select private.run_jobs();
select is(pg_temp.running('off'), 1::bigint, 'until it is enabled');
update job_config set enabled = false where job_name = 'off';

-- Delayed jobs
insert into job (id, user_id, job_name, next_run_at) values
  ('d0000000-0000-0000-0000-000000000001', pg_temp.u(1), 'delayed', '2026-01-02 12:10:00+00');
select private.run_jobs();
select is(pg_temp.running('delayed'), 0::bigint, 'a delayed job waits');
set local private.frozen_now = '2026-01-02 12:10:00+00'; select private.run_jobs();
select is(pg_temp.running('delayed'), 1::bigint, 'until its time has come');
select is((select next_run_at from job where job_name = 'delayed'), null, 'then next_run_at is null');

-- Order within a lane: priority, then age
insert into job (id, user_id, job_name, priority, created_at) values
  ('d0000000-0000-0000-0000-000000000011', pg_temp.u(1), 'order', 0, '2026-01-01 10:00'),
  ('d0000000-0000-0000-0000-000000000012', pg_temp.u(1), 'order', 0, '2026-01-01 09:00'),
  ('d0000000-0000-0000-0000-000000000013', pg_temp.u(1), 'order', 5, '2026-01-01 11:00');
create temporary table seen (place serial, id uuid);
do $$
begin
  for n in 1..3 loop
    perform private.run_jobs();
    insert into seen (id) select id from job where job_name = 'order' and state = 'running';
    update job set state = 'completed', locked_at = null, finished_at = private.now() where job_name = 'order' and state = 'running';
  end loop;
end $$;
select results_eq($$ select right(id::text, 1) from seen order by place $$, $$ values ('3'), ('2'), ('1') $$,
  'higher priority first, then older first');

-- Rounds
select pg_temp.make(pg_temp.u(1), 'round', 50);
select pg_temp.make(pg_temp.u(n), 'round', 1) from generate_series(2, 4) n;
select private.run_jobs();
select is((select count(distinct lane) from job where job_name = 'round' and state = 'running'), 4::bigint,
  'every lane gets its turn, however long another''s backlog is');

-- With one slot for all users together the lanes take turns (invariant 5).
insert into job_config (job_name, global_concurrency_limit) values ('turns', 1);
select pg_temp.make(pg_temp.u(1), 'turns', 20);
select pg_temp.make(pg_temp.u(n), 'turns', 1) from generate_series(2, 4) n;
truncate seen;
do $$
begin
  for n in 1..8 loop
    perform private.run_jobs();
    insert into seen (id) select lane from job where job_name = 'turns' and state = 'running';
    update job set state = 'completed', locked_at = null, finished_at = private.now() where job_name = 'turns' and state = 'running';
  end loop;
end $$;
select is((select count(distinct id) from seen), 4::bigint,
  'a single slot for all goes round: a backlog delays another user by one round at most');

-- A tick that finds 1,000 lanes without a free slot goes on behind them with the next.
insert into auth.users (id, banned_until) select pg_temp.u(n), 'infinity' from generate_series(2001, 3200) n;
select pg_temp.make(pg_temp.u(n), 'banned') from generate_series(2001, 3200) n;
select pg_temp.make('a0000000-0000-0000-0000-000000000000', 'banned');
select private.run_jobs(); select private.run_jobs();
select is((select count(*) from job where job_name = 'banned' and state = 'running' and user_id < pg_temp.u(4000)), 0::bigint,
  'jobs of banned users wait');
select is((select state from job where job_name = 'banned' and user_id = 'a0000000-0000-0000-0000-000000000000'), 'running',
  'and hold up nobody, however many they are');
update auth.users set banned_until = '2026-01-01' where id = pg_temp.u(2001);
select private.run_jobs(); select private.run_jobs(); select private.run_jobs();
select is((select state from job where job_name = 'banned' and user_id = pg_temp.u(2001)), 'running', 'when the ban is over they run');
update auth.users set deleted_at = '2026-01-01' where id = pg_temp.u(1400);
select pg_temp.make(pg_temp.u(1400), 'deleted');
select private.run_jobs();
select is(pg_temp.running('deleted'), 0::bigint, 'jobs of soft-deleted users do not run');
delete from auth.users where id = pg_temp.u(1400);
select is((select count(*) from job where job_name = 'deleted'), 0::bigint, 'a deleted user takes jobs and logs along');

-- The budget: one batch of pg_net; names without a row leave 50 of it to the others
delete from job;
insert into job_config (job_name) values ('burst'), ('many-a'), ('many-b'), ('wide');
select pg_temp.make(pg_temp.u(n), 'burst') from generate_series(1, 300) n;
select is(private.run_jobs(), 200, 'a tick rings as many as fit one batch of pg_net');
select is(private.run_jobs(), 0, 'and no more while they are in flight');
update private.job_attempt set responded_at = private.now()
where job_id in (select id from job where job_name = 'burst' and state = 'running' limit 30);
update private.job_attempt set started_at = private.now()
where (job_id, attempt) in (select job_id, attempt from private.job_attempt where responded_at is null limit 20);
select is(private.run_jobs(), 50, 'answered and started ones make room');
update private.job_attempt set responded_at = private.now();
select is(private.run_jobs(), 50, 'the rest follows');
update private.job_attempt set responded_at = private.now();
select pg_temp.make(pg_temp.u(n), 'many-a') from generate_series(1, 300) n;
select pg_temp.make(pg_temp.u(n), 'many-b') from generate_series(1, 300) n;
select private.run_jobs();
select is((select array_agg(count order by job_name) from (select job_name, count(*) from job
    where job_name like 'many-%' and state = 'running' group by 1) s), array[100, 100]::bigint[],
  'names share the budget');
delete from job where job_name like 'many-%' or job_name = 'banned';
update private.job_attempt set responded_at = private.now();

-- Missing Vault secrets: jobs wait, one line says what to seed, nothing is burnt.
select pg_temp.make(pg_temp.u(6), 'unseeded', 2);
delete from vault.secrets where name in ('supabase_url', 'app.jwt_secret');
select is(private.run_jobs(), 0, 'without the Vault secrets nothing is rung');
select private.run_jobs();
select results_eq($$ select log_level, log_message from job_logs l join job j on j.id = l.job_id
  where j.job_name = 'unseeded' and log_message <> 'Queued.' $$,
  $$ values ('ERROR', 'Waiting: the Vault secret supabase_url and app.jwt_secret is missing: seed it with npm run vault.') $$,
  'one line says what is missing');
select results_eq($$ select distinct state, attempt, retries from job where job_name = 'unseeded' $$,
  $$ values ('pending', 0, 0) $$, 'and no try is spent');
select vault.create_secret('http://127.0.0.1:54321', 'supabase_url'),
  vault.create_secret('super-secret-jwt-token-with-at-least-32-characters-long', 'app.jwt_secret');
select private.run_jobs();
select is(pg_temp.running('unseeded'), 1::bigint, 'once seeded they run');

-- Ringing at commit
alter table job enable trigger job_ring_at_commit;
select pg_temp.make(pg_temp.u(7), 'commit', 3);
select is(pg_temp.running('commit'), 0::bigint, 'before its commit a job is not rung');
select pg_temp.commit();
select is(pg_temp.running('commit'), 1::bigint, 'at its commit it is rung, within the limit');
insert into job_config (job_name, concurrency_limit) values ('commit-off', 1);
update job_config set enabled = false where job_name = 'commit-off';
select pg_temp.make(pg_temp.u(7), 'commit-off');
select pg_temp.commit();
select is(pg_temp.running('commit-off'), 0::bigint, 'not while the name is disabled');
select pg_temp.make(pg_temp.u(2002), 'commit');
select pg_temp.commit();
select is((select state from job where user_id = pg_temp.u(2002)), 'pending', 'not for a banned user');
insert into private.job_linger values ('lingering', private.now() + interval '1 second');
select pg_temp.make(pg_temp.u(7), 'lingering');
select pg_temp.commit();
select is(pg_temp.running('lingering'), 0::bigint, 'not while a function lingers, which will ask for it');
set local private.frozen_now = '2026-01-02 12:10:02+00';
select pg_temp.make(pg_temp.u(8), 'lingering');
select pg_temp.commit();
select is(pg_temp.running('lingering'), 1::bigint, 'but when it has gone');
insert into job (user_id, job_name, next_run_at) values (pg_temp.u(7), 'later', '2026-02-01');
select pg_temp.commit();
select is(pg_temp.running('later'), 0::bigint, 'not before a delayed job''s time');
delete from vault.secrets where name = 'app.jwt_secret';
select pg_temp.make(pg_temp.u(7), 'unseeded');
select lives_ok($$ select pg_temp.commit() $$, 'without the secrets a commit succeeds');
select is((select count(*) from job where job_name = 'unseeded' and user_id = pg_temp.u(7) and state = 'pending'), 1::bigint,
  'and its job waits');
select vault.create_secret('super-secret-jwt-token-with-at-least-32-characters-long', 'app.jwt_secret') is not null as seeded;
update private.job_attempt set responded_at = private.now();
select pg_temp.make(pg_temp.u(n), 'wide') from generate_series(1, 300) n;
select pg_temp.commit();
select is(pg_temp.running('wide'), 200::bigint, 'a commit with 300 lanes rings one batch');

select * from finish();
rollback;
