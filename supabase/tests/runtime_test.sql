-- The runtime API: what functions report, each report fenced by the token of its attempt.
begin;
set local search_path = public, extensions;
select plan(103);
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
insert into job_config (job_name, lease_seconds, linger_seconds, backoff_seconds, backoff_max_seconds) values ('work', 30, 5, 10, 10);

-- A rung job of a user, and the token of its latest attempt.
create function pg_temp.ring(_id uuid, _name text default 'work', _user uuid default 'a0000000-0000-0000-0000-000000000000')
returns void language plpgsql as $$
begin
  insert into job (id, user_id, job_name, request_body) values (_id, _user, _name, '{"day": "2026-01-01"}');
  perform private.run_jobs();
end $$;
create function pg_temp.token(_id uuid) returns uuid security definer language sql as $$
  select token from private.job_attempt where job_id = _id order by attempt desc limit 1 $$;
create function pg_temp.state(_id uuid) returns text security definer language sql as $$ select state from public.job where id = _id $$;
create function pg_temp.one() returns uuid language sql as $$ select '00000000-0000-0000-0000-000000000001'::uuid $$;

-- start_job
select pg_temp.ring(pg_temp.one());
select pg_temp.act('service_role');
select is(start_job(pg_temp.one(), gen_random_uuid()), '{"status": "stale"}', 'a guessed token starts nothing');
select is(start_job(gen_random_uuid(), pg_temp.token(pg_temp.one())), '{"status": "stale"}', 'nor a token with another job''s id');
create temporary table started as
  select start_job(pg_temp.one(), pg_temp.token(pg_temp.one()), 'cccccccc-0000-0000-0000-000000000000') as answer;
select is((select answer ->> 'status' from started), 'ok', 'the token starts the attempt');
select is((select (answer -> 'job') - 'token' - 'authorization' from started), '{"id": "00000000-0000-0000-0000-000000000001",
  "job_name": "work", "user_id": "a0000000-0000-0000-0000-000000000000", "request_body": {"day": "2026-01-01"}, "attempt": 1,
  "retries": 0, "max_retries": 3, "steps": {}, "lease_seconds": 30, "linger_seconds": 5}', 'it gets the stored job');
select is((select answer #>> '{job,token}' from started)::uuid, pg_temp.token(pg_temp.one()), 'with its token');
select matches((select answer #>> '{job,authorization}' from started), '^Bearer [\w-]+\.[\w-]+\.[\w-]+$', 'and the user''s authorization');
select is(start_job(pg_temp.one(), pg_temp.token(pg_temp.one()), 'cccccccc-0000-0000-0000-000000000000'), (select answer from started),
  'the same call repeated gets the same answer');
select is(start_job(pg_temp.one(), pg_temp.token(pg_temp.one()), gen_random_uuid()), '{"status": "stale"}', 'a second delivery of the ring is stale');
select is(start_job(pg_temp.one(), pg_temp.token(pg_temp.one())), '{"status": "stale"}', 'also without a call id');
select is(start_job(null, null, null), '{"status": "stale"}', 'nulls are stale');

-- heartbeat_job
select pg_temp.act('admin');
set local private.frozen_now = '2026-01-02 12:00:20+00';
select pg_temp.act('service_role');
select is(heartbeat_job(pg_temp.one(), pg_temp.token(pg_temp.one()), '{"done": 5}'), '{"status": "ok"}', 'a heartbeat is ok');
select is(heartbeat_job(pg_temp.one(), gen_random_uuid(), '{"done": 6}'), '{"status": "stale"}', 'not with another token');
select is((select progress from job where id = pg_temp.one()), '{"done": 5}', 'progress is kept');
select heartbeat_job(pg_temp.one(), pg_temp.token(pg_temp.one()), to_jsonb(repeat('a', 140000)));
select is((select progress from job where id = pg_temp.one()), '{"done": 5}', 'one above 64 KiB is not');
select pg_temp.act('admin');
select is((select lease_expires_at from private.job_attempt where job_id = pg_temp.one()), private.now() + interval '30 seconds',
  'the lease is extended');

-- steps
select pg_temp.act('service_role');
select is(save_job_step(pg_temp.one(), pg_temp.token(pg_temp.one()), 'fetch', '[1]'), '{"status": "ok", "result": [1]}', 'a step is saved');
select is(save_job_step(pg_temp.one(), pg_temp.token(pg_temp.one()), 'fetch', '[2]'), '{"status": "ok", "result": [1]}', 'the first result wins');
select is(save_job_step(pg_temp.one(), gen_random_uuid(), 'other', '[2]'), '{"status": "stale"}', 'not with another token');
select is(save_job_step(pg_temp.one(), pg_temp.token(pg_temp.one()), 'ones', to_jsonb(array_fill(1, array[130000]))) ->> 'status', 'ok',
  '260,001 bytes of [1,1,…] are kept, though PostgreSQL spells them with spaces');
select throws_ok(format('select save_job_step(pg_temp.one(), pg_temp.token(pg_temp.one()), %L, null)', n), 'JQ422', null,
  'the name of a step has 1 to 255 characters: ' || coalesce(left(n, 5), 'null')) from (values (null), (''), (repeat('n', 256))) v (n);
select throws_ok($$ select save_job_step(pg_temp.one(), pg_temp.token(pg_temp.one()), 'big', to_jsonb(repeat('a', 524288))) $$, 'JQ413', null,
  'a result above 256 KiB: JQ413');

-- log_job_attempt
select is(log_job_attempt(pg_temp.one(), pg_temp.token(pg_temp.one()), '[{"level": "warn", "message": "slow", "at": "2026-01-02T11:00:00Z"},
  {"level": "no word", "message": "odd", "at": "never"}, {"message": 5}, 7, null, {}]'), '{"status": "ok"}', 'lines are logged, odd ones too');
select is((select string_agg(log_level || ' ' || log_message, ',' order by id) from job_logs where job_id = pg_temp.one() and source = 'function'),
  'WARN slow,INFO odd,INFO 5,INFO ,INFO ,INFO ', 'with their level, or INFO');
select is(log_job_attempt(pg_temp.one(), gen_random_uuid(), '[{"message": "forged"}]'), '{"status": "stale"}', 'not with another token');
select throws_ok($$ select log_job_attempt(pg_temp.one(), pg_temp.token(pg_temp.one()), '{}') $$, 'JQ422', null, 'no array: JQ422');

-- finish_job
select throws_ok($$ select finish_job(pg_temp.one(), pg_temp.token(pg_temp.one()), 'released') $$, 'JQ422', null, 'another outcome: JQ422');
select throws_ok($$ select finish_job(pg_temp.one(), pg_temp.token(pg_temp.one()), null) $$, 'JQ422', null, 'no outcome: JQ422');
select throws_ok($$ select finish_job(pg_temp.one(), pg_temp.token(pg_temp.one()), 'completed', to_jsonb(repeat('a', 131071))) $$, 'JQ413', null,
  'a result above 64 KiB: JQ413');
select is(finish_job(pg_temp.one(), gen_random_uuid(), 'completed'), '{"status": "stale", "next": null}', 'a guessed token finishes nothing');
select is(pg_temp.state(pg_temp.one()), 'running', 'and nothing changed');
select pg_temp.act('admin');
insert into job (id, user_id, job_name) values
  ('00000000-0000-0000-0000-0000000000a2', 'a0000000-0000-0000-0000-000000000000', 'work'),
  ('00000000-0000-0000-0000-0000000000b1', 'b0000000-0000-0000-0000-000000000000', 'work'),
  ('00000000-0000-0000-0000-0000000000c1', 'b0000000-0000-0000-0000-000000000000', 'another');
select pg_temp.act('service_role');
create temporary table finished as select finish_job(pg_temp.one(), pg_temp.token(pg_temp.one()), 'completed', '{"sent": 1}', _accept_next => true) as answer;
select is((select answer - 'next' from finished), '{"status": "ok", "state": "completed"}', 'finish_job completes the job');
select is((select answer #>> '{next,id}' from finished), '00000000-0000-0000-0000-0000000000b1', 'and hands over the next job of its name, of whose turn it is');
select is((select answer #>> '{next,user_id}' from finished), 'b0000000-0000-0000-0000-000000000000', 'whichever user''s it is');
select is((select answer #>> '{next,token}' from finished)::uuid, pg_temp.token('00000000-0000-0000-0000-0000000000b1'), 'with its own token');
select is(finish_job(pg_temp.one(), pg_temp.token(pg_temp.one()), 'completed', '{"sent": 1}', _accept_next => true), (select answer from finished),
  'repeating it gives the same answer and the same next job');
select is(finish_job(pg_temp.one(), pg_temp.token(pg_temp.one()), 'failed', _error => 'no'), '{"status": "stale", "next": null}', 'another outcome later is stale');
select is((select result from job where id = pg_temp.one()), '{"sent": 1}', 'the result is kept');
select is(heartbeat_job(pg_temp.one(), pg_temp.token(pg_temp.one())), '{"status": "stale"}', 'a finished attempt has no heartbeat');
select is(log_job_attempt(pg_temp.one(), pg_temp.token(pg_temp.one()), '[{"message": "late"}]'), '{"status": "stale"}', 'and no log');
select is(release_job(pg_temp.one(), pg_temp.token(pg_temp.one())), '{"status": "stale"}', 'and cannot be released');
select is(commit_job(pg_temp.one(), pg_temp.token(pg_temp.one()), 'queue_job', '{}'), '{"status": "stale"}', 'or committed');
select is(start_job('00000000-0000-0000-0000-0000000000b1', pg_temp.token('00000000-0000-0000-0000-0000000000b1')), '{"status": "stale"}',
  'a job handed over has started already');
select is(heartbeat_job('00000000-0000-0000-0000-0000000000b1', pg_temp.token('00000000-0000-0000-0000-0000000000b1')), '{"status": "ok"}', 'it reports as others do');
select is(finish_job(pg_temp.one(), pg_temp.token(pg_temp.one()), 'completed', _accept_next => true) -> 'next', 'null',
  'a job that was heard of since is not handed over again');
select is(finish_job('00000000-0000-0000-0000-0000000000b1', pg_temp.token('00000000-0000-0000-0000-0000000000b1'), 'failed', _error => 'busy', _accept_next => true)
  #>> '{next,id}', '00000000-0000-0000-0000-0000000000a2', 'the round goes on to the other lane');
select is(pg_temp.state('00000000-0000-0000-0000-0000000000b1'), 'pending', 'a failed one is retried');
select is(finish_job('00000000-0000-0000-0000-0000000000a2', pg_temp.token('00000000-0000-0000-0000-0000000000a2'), 'failed_permanently', _error => 'never', _accept_next => true),
  '{"status": "ok", "state": "failed", "next": null}', 'a permanent failure is not; and there may be no next job');
select pg_temp.act('admin');
select is((select next_run_at - private.now() from job where id = '00000000-0000-0000-0000-0000000000b1') between '9 s' and '11 s', true, 'the back-off is its name''s');
update job set next_run_at = null where id = '00000000-0000-0000-0000-0000000000b1';
select private.run_jobs();
select pg_temp.act('service_role');
select is((finish_job('00000000-0000-0000-0000-0000000000b1', pg_temp.token('00000000-0000-0000-0000-0000000000b1'), 'failed', _error => 'busy', _retry_after => '42 s')) ->> 'state',
  'pending', 'finish_job takes a delay');
select pg_temp.act('admin');
select is((select next_run_at - private.now() from job where id = '00000000-0000-0000-0000-0000000000b1'), '42 s'::interval, 'and honours it');

-- Hand-over respects disabling, limits and bans
create function pg_temp.next_of(_id uuid) returns text language sql as $$
  select finish_job(_id, pg_temp.token(_id), 'completed', _accept_next => true) #>> '{next,id}' $$;
select pg_temp.ring('00000000-0000-0000-0000-0000000000d1', 'off');
insert into job (user_id, job_name) values ('a0000000-0000-0000-0000-000000000000', 'off');
insert into job_config (job_name, enabled) values ('off', false);
select is(pg_temp.next_of('00000000-0000-0000-0000-0000000000d1'), null, 'a disabled name hands over nothing');
select pg_temp.ring('00000000-0000-0000-0000-0000000000d2', 'rated');
insert into job_config (job_name, rate_limit) values ('rated', 1);
insert into private.job_start values ('rated', private.now());
insert into job (user_id, job_name) values ('a0000000-0000-0000-0000-000000000000', 'rated');
select is(pg_temp.next_of('00000000-0000-0000-0000-0000000000d2'), null, 'nor one whose rate_limit is used up');
insert into auth.users (id, banned_until) values ('cc000000-0000-0000-0000-000000000000', 'infinity');
select pg_temp.ring('00000000-0000-0000-0000-0000000000d3', 'banned');
insert into job (user_id, job_name) values ('cc000000-0000-0000-0000-000000000000', 'banned');
select is(pg_temp.next_of('00000000-0000-0000-0000-0000000000d3'), null, 'nor a banned user''s job');
insert into job_config (job_name, concurrency_limit) values ('two', 2);
select pg_temp.ring('00000000-0000-0000-0000-0000000000d4', 'two');
select pg_temp.ring('00000000-0000-0000-0000-0000000000d5', 'two');
update job_config set concurrency_limit = 1 where job_name = 'two';
insert into job (user_id, job_name) values ('a0000000-0000-0000-0000-000000000000', 'two');
select is(pg_temp.next_of('00000000-0000-0000-0000-0000000000d4'), null, 'nor one of a lane that is above a lowered limit');

-- next_job and lingering
insert into job (id, user_id, job_name) values ('00000000-0000-0000-0000-0000000000e1', 'a0000000-0000-0000-0000-000000000000', 'work');
select pg_temp.act('service_role');
select is(next_job('work') #>> '{next,id}', '00000000-0000-0000-0000-0000000000e1', 'next_job claims a due job of the name');
select is(next_job('work', 20), '{"next": null}', 'or tells that there is none');
select pg_temp.act('admin');
insert into job (user_id, job_name) select 'a0000000-0000-0000-0000-000000000000', 'asked' from generate_series(1, 2);
insert into job_config (job_name, concurrency_limit) values ('asked', 5);
select pg_temp.act('service_role');
create temporary table asked as select next_job('asked', 0, 'cccccccc-0000-0000-0000-000000000001') as answer;
select is(next_job('asked', 0, 'cccccccc-0000-0000-0000-000000000001'), (select answer from asked), 'the same call repeated gets the same job');
select isnt(next_job('asked', 0, 'cccccccc-0000-0000-0000-000000000002') #>> '{next,id}', (select answer #>> '{next,id}' from asked),
  'another call gets another job');
select is((select count(*) from job where job_name = 'asked' and state = 'running'), 2::bigint, 'so that two calls claim two jobs');
select finish_job((answer #>> '{next,id}')::uuid, (answer #>> '{next,token}')::uuid, 'completed') from asked;
select is(next_job('asked', 0, 'cccccccc-0000-0000-0000-000000000001'), '{"next": null}', 'once it has ended, there is no more to repeat');
select pg_temp.act('admin');
select is((select expires_at - private.now() from private.job_linger where job_name = 'work'), '1 second'::interval, 'whoever lingers is believed for a second');
select is(next_job('nobody', 20), '{"next": null}', 'of names that do not linger');
select is((select count(*) from private.job_linger where job_name = 'nobody'), 0::bigint, 'nobody lingers');
select is(next_job(null, null), '{"next": null}', 'null has no next job');
select is(next_job('work', n), '{"next": null}', format('lingering for %s s is answered', n)) from unnest('{-Infinity,Infinity,NaN,-5}'::numeric[]) n;

-- release_job
select is(release_job('00000000-0000-0000-0000-0000000000e1', gen_random_uuid()), '{"status": "stale"}', 'a guessed token releases nothing');
select is(release_job('00000000-0000-0000-0000-0000000000e1', pg_temp.token('00000000-0000-0000-0000-0000000000e1'), '1 minute'),
  '{"status": "ok", "state": "pending"}', 'a released job is pending');
select results_eq($$ select retries, next_run_at - private.now() from job where id = '00000000-0000-0000-0000-0000000000e1' $$,
  $$ values (0, '1 minute'::interval) $$, 'later, and no try is spent');

-- Cancel
select pg_temp.ring('00000000-0000-0000-0000-0000000000f1', 'stop');
select start_job('00000000-0000-0000-0000-0000000000f1', pg_temp.token('00000000-0000-0000-0000-0000000000f1')) is not null as started;
select cancel_job('00000000-0000-0000-0000-0000000000f1');
select is(heartbeat_job('00000000-0000-0000-0000-0000000000f1', pg_temp.token('00000000-0000-0000-0000-0000000000f1')), '{"status": "canceled"}',
  'a running job that was asked to stop hears it');
select is(finish_job('00000000-0000-0000-0000-0000000000f1', pg_temp.token('00000000-0000-0000-0000-0000000000f1'), 'canceled') ->> 'state', 'canceled',
  'and ends as canceled');
select pg_temp.ring('00000000-0000-0000-0000-0000000000f2', 'stop');
select cancel_job('00000000-0000-0000-0000-0000000000f2');
select is(start_job('00000000-0000-0000-0000-0000000000f2', pg_temp.token('00000000-0000-0000-0000-0000000000f2')), '{"status": "stale"}',
  'one that was asked to stop before it started does not start');
select is(pg_temp.state('00000000-0000-0000-0000-0000000000f2'), 'canceled', 'it is canceled');

-- A token of an attempt that is over
select pg_temp.ring('00000000-0000-0000-0000-000000000101', 'again');
create temporary table old as select pg_temp.token('00000000-0000-0000-0000-000000000101') as token;
grant select on old to public;
select private.fail_job_with_retry('00000000-0000-0000-0000-000000000101', 'silent', '0');
select private.run_jobs();
select pg_temp.act('service_role');
select is(start_job('00000000-0000-0000-0000-000000000101', token), '{"status": "stale"}', 'a stale token does not start the next attempt') from old;
select is(finish_job('00000000-0000-0000-0000-000000000101', token, 'completed'), '{"status": "stale", "next": null}', 'nor finish it') from old;
select is(heartbeat_job('00000000-0000-0000-0000-000000000101', token, '1'), '{"status": "stale"}', 'nor keep it alive') from old;
select is(save_job_step('00000000-0000-0000-0000-000000000101', token, 's', '1'), '{"status": "stale"}', 'nor save a step') from old;
select is(release_job('00000000-0000-0000-0000-000000000101', token), '{"status": "stale"}', 'nor release it') from old;
select pg_temp.act('admin');
select results_eq($$ select state, attempt, result, progress from job where id = '00000000-0000-0000-0000-000000000101' $$,
  $$ values ('running', 2, null::jsonb, null::jsonb) $$, 'it changes nothing');
select save_job_step('00000000-0000-0000-0000-000000000101', pg_temp.token('00000000-0000-0000-0000-000000000101'), 's', '{"n": 1}') is null as saved;
select pg_temp.end_attempt('00000000-0000-0000-0000-000000000101', 2, 'released', null, null, '0');
select private.run_jobs();
select is(start_job('00000000-0000-0000-0000-000000000101', pg_temp.token('00000000-0000-0000-0000-000000000101')) #> '{job,steps}', '{"s": {"n": 1}}',
  'a continued job gets the steps it has done');

-- commit_job
create table public.note (user_id uuid default auth.uid(), body text, role text default current_user);
alter table public.note enable row level security;
create policy own on public.note for all using (user_id = auth.uid()) with check (user_id = auth.uid());
grant select, insert on public.note to authenticated;
create function public.add_note(body text, times integer default 1) returns integer language plpgsql as $$
begin
  insert into public.note (body) select add_note.body from generate_series(1, times);
  if body = 'bad' then raise exception 'bad note' using errcode = 'P0042'; end if;
  return times;
end $$;
revoke all on function public.add_note(text, integer) from public;
grant execute on function public.add_note(text, integer) to authenticated;
select pg_temp.ring('00000000-0000-0000-0000-000000000201', 'commit');
select start_job('00000000-0000-0000-0000-000000000201', pg_temp.token('00000000-0000-0000-0000-000000000201')) is not null as started;
select pg_temp.act('service_role');
select throws_ok($$ select commit_job('00000000-0000-0000-0000-000000000201', pg_temp.token('00000000-0000-0000-0000-000000000201'), 'add_note', '{"body": "bad"}') $$,
  'P0042', 'bad note', 'what the function raises comes through');
select is(pg_temp.state('00000000-0000-0000-0000-000000000201'), 'running', 'and nothing is done');
select throws_ok($$ select commit_job('00000000-0000-0000-0000-000000000201', pg_temp.token('00000000-0000-0000-0000-000000000201'), 'add_note', '[]') $$,
  'JQ422', null, 'arguments that are no object: JQ422');
select throws_ok($$ select commit_job('00000000-0000-0000-0000-000000000201', pg_temp.token('00000000-0000-0000-0000-000000000201'),
  'add_note(''x'')); delete from public.note; select (1', '{}') $$, '42883', null, 'SQL in the function''s name is only a name');
select throws_ok($$ select commit_job('00000000-0000-0000-0000-000000000201', pg_temp.token('00000000-0000-0000-0000-000000000201'),
  'add_note', '{"body => 1); delete from public.note; --": "x"}') $$, '42883', null, 'and in an argument''s');
select throws_ok($$ select commit_job('00000000-0000-0000-0000-000000000201', pg_temp.token('00000000-0000-0000-0000-000000000201'),
  'finish_job', '{}') $$, null, null, 'the user may not call the runtime API');
select is(commit_job('00000000-0000-0000-0000-000000000201', pg_temp.token('00000000-0000-0000-0000-000000000201'), 'add_note', '{"body": "it''s \\ %L", "times": 2}'),
  '{"status": "ok", "state": "completed", "next": null, "result": 2}', 'commit_job runs a function and completes the job');
select is(current_user::text, 'service_role', 'and is service_role again');
select is(commit_job('00000000-0000-0000-0000-000000000201', pg_temp.token('00000000-0000-0000-0000-000000000201'), 'add_note', '{"body": "again"}'),
  '{"status": "stale"}', 'once');
select pg_temp.act('admin');
select results_eq($$ select user_id, body, role from public.note $$, $$ values
  ('a0000000-0000-0000-0000-000000000000'::uuid, E'it''s \\ %L', 'authenticated'), ('a0000000-0000-0000-0000-000000000000', E'it''s \\ %L', 'authenticated') $$,
  'as the job''s user');
select is((select result from job where id = '00000000-0000-0000-0000-000000000201'), '2', 'its result is the job''s');

-- … and what its answer was, if that was lost
create function public.who_am_i() returns jsonb language sql as $$ select current_setting('request.jwt.claims')::jsonb || '{"ran": true}' $$;
create function public.note_nothing() returns void language sql as $$ insert into public.note (body) values ('nothing') $$;
grant execute on function public.who_am_i(), public.note_nothing() to authenticated, anon;
create function pg_temp.commit(_id uuid, _function text, _call uuid) returns jsonb language plpgsql as $$
declare v_token uuid := pg_temp.token(_id);
begin
  perform start_job(_id, v_token);
  return commit_job(_id, v_token, _function, '{}', _call);
end $$;
select pg_temp.ring('00000000-0000-0000-0000-000000000202', 'commit');
select pg_temp.act('service_role');
create temporary table committed as select pg_temp.commit('00000000-0000-0000-0000-000000000202', 'who_am_i', 'cccccccc-0000-0000-0000-000000000003') as answer;
select is((select answer -> 'result' from committed), '{"aud": "authenticated", "sub": "a0000000-0000-0000-0000-000000000000",
  "role": "authenticated", "email": "ada@example.test", "ran": true}', 'the claims are those of the user''s token');
select is(pg_temp.commit('00000000-0000-0000-0000-000000000202', 'who_am_i', 'cccccccc-0000-0000-0000-000000000003') - 'next',
  (select answer - 'next' from committed), 'the same call repeated gets the same answer');
select is(pg_temp.commit('00000000-0000-0000-0000-000000000202', 'who_am_i', gen_random_uuid()), '{"status": "stale"}', 'another call is stale');
select pg_temp.act('admin');
select pg_temp.ring('00000000-0000-0000-0000-000000000203', 'commit');
select pg_temp.act('service_role');
select is(pg_temp.commit('00000000-0000-0000-0000-000000000203', 'note_nothing', null),
  '{"status": "ok", "state": "completed", "next": null, "result": null}', 'a function without a result completes without one');
select pg_temp.act('admin');
select is((select count(*) from public.note where body = 'nothing'), 1::bigint, 'and has run once');

-- A repeated call hands out a job with its whole lease.
insert into job (id, user_id, job_name) values ('00000000-0000-0000-0000-0000000000e2', 'a0000000-0000-0000-0000-000000000000', 'late-answer');
select next_job('late-answer', 0, 'cccccccc-0000-0000-0000-000000000004') is not null as claimed;
set local private.frozen_now = '2026-01-02 12:10:00+00';
select is(next_job('late-answer', 0, 'cccccccc-0000-0000-0000-000000000004') #>> '{next,id}', '00000000-0000-0000-0000-0000000000e2', 'after its lease a repeated call still gets the job');
select is((select lease_expires_at - private.now() from private.job_attempt where job_id = '00000000-0000-0000-0000-0000000000e2'), '1 minute'::interval, 'with a whole lease');
select private.reset_stuck_jobs();
select is(pg_temp.state('00000000-0000-0000-0000-0000000000e2'), 'running', 'so that it is not taken away from whoever works on it');

select * from finish();
rollback;
