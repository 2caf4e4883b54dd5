-- Pruning: what is old goes, in batches, and nothing else.
begin;
set local search_path = public, extensions;
select plan(14);
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
create function pg_temp.ended(_name text, _state text, _age interval, _count integer default 1) returns void language sql as $$
  insert into job (user_id, job_name, state, finished_at, request_body)
  select 'a0000000-0000-0000-0000-000000000000', _name, _state, private.now() - _age, to_jsonb(_age::text) from generate_series(1, _count) $$;
create function pg_temp.left_of(_name text) returns text language sql as $$
  select coalesce(string_agg(state || ' ' || (request_body #>> '{}'), ', ' order by state, request_body #>> '{}'), 'none') from job where job_name = _name $$;
select pg_temp.ended('plain', s, a) from unnest('{completed,failed,canceled}'::text[]) s, unnest('{"6 days","8 days","29 days","31 days"}'::interval[]) a;
insert into job_config (job_name, keep_completed, keep_failed) values ('short', '1 hour', '2 hours');
select pg_temp.ended('short', s, a) from unnest('{completed,failed}'::text[]) s, unnest('{"59 minutes","90 minutes","3 hours"}'::interval[]) a;
insert into job (user_id, job_name, created_at) values ('a0000000-0000-0000-0000-000000000000', 'waiting', '2025-01-01');
insert into job (id, job_name, created_at, state, locked_at, attempt) values ('00000000-0000-0000-0000-000000000001', 'running', '2025-01-01', 'running', '2025-01-01', 1);
insert into private.job_attempt (job_id, attempt, rung_at, lease_expires_at) values ('00000000-0000-0000-0000-000000000001', 1, '2025-01-01', '2025-01-01');
insert into private.job_attempt (job_id, attempt, rung_at, lease_expires_at, finished_at, outcome)
  select id, 1, private.now(), private.now(), private.now(), 'completed' from job where job_name = 'plain' and state = 'completed';
insert into private.job_step (job_id, name) select id, 's' from job where job_name = 'plain';
select is(private.prune_jobs(), 8, 'prune_jobs returns how many jobs it deleted');
select is(pg_temp.left_of('plain'), 'canceled 29 days, canceled 6 days, canceled 8 days, completed 6 days, failed 29 days, failed 6 days, failed 8 days',
  'by default completed jobs are kept for 7 days, others for 30');
select is(pg_temp.left_of('short'), 'completed 00:59:00, failed 00:59:00, failed 01:30:00', 'or as job_config says');
select is((select count(*) from job where job_name in ('waiting', 'running')), 2::bigint, 'jobs that have not ended stay, however old');
select is((select count(*) from job_logs where not exists (select from job where id = job_id)), 0::bigint, 'logs go with their jobs');
select is((select count(*) from private.job_attempt) + (select count(*) from private.job_step), 9::bigint, 'and attempts and steps');

-- Batches
select pg_temp.ended('many', 'completed', '8 days', 6000);
select is(private.prune_jobs(), 5000, 'a run deletes at most 5,000 jobs of a name');
select is(private.prune_jobs(), 1000, 'the next one goes on');
select is(private.prune_jobs(), 0, 'until there is nothing left to do');

-- What the engine leaves behind
insert into private.job_linger values ('gone', private.now() - interval '1 s'), ('here', private.now() + interval '1 s');
insert into job_config (job_name, rate_limit, rate_period) values ('rated', 5, '1 hour');
insert into private.job_start values ('rated', private.now() - interval '59 minutes'), ('rated', private.now() - interval '61 minutes'), ('unknown', private.now() - interval '1 s');
update private.job_attempt set finished_at = private.now() - interval '61 minutes', outcome = 'expired', request_id = 77 where job_id = '00000000-0000-0000-0000-000000000001';
select private.prune_jobs();
select results_eq($$ select job_name from private.job_linger $$, $$ values ('here') $$, 'whoever lingers no more is forgotten');
select results_eq($$ select job_name, private.now() - started_at from private.job_start $$, $$ values ('rated', '59 minutes'::interval) $$, 'so are starts outside of rate_period');
select isnt((select responded_at from private.job_attempt where request_id = 77), null, 'an hour after its attempt ended nobody waits for an answer any more');

-- Soft-deleted users
insert into auth.users (id, deleted_at) values ('dd000000-0000-0000-0000-000000000000', '2026-01-01');
insert into job (user_id, job_name) values ('dd000000-0000-0000-0000-000000000000', 'orphan');
insert into job (user_id, job_name, next_run_at) values ('dd000000-0000-0000-0000-000000000000', 'orphan', '2026-05-01');
select private.prune_jobs();
select results_eq($$ select distinct state, last_error from job where job_name = 'orphan' $$, $$ values ('canceled', 'its user was deleted') $$, 'a soft-deleted user''s jobs are canceled');

-- The history of pg_cron
insert into cron.job_run_details (jobid, command, status, start_time)
  select jobid, command, 'succeeded', now() - interval '25 hours' from cron.job where jobname = 'run-jobs'
  union all select jobid, command, 'succeeded', now() - interval '23 hours' from cron.job where jobname = 'run-jobs'
  union all select -5, 'select 1', 'succeeded', now() - interval '25 hours';
select private.prune_jobs();
select results_eq($$ select command from cron.job_run_details order by 1 $$, $$ values ('select 1'), ('select private.run_jobs()') $$,
  'run details of our schedules go after a day, others'' stay');

select * from finish();
rollback;
