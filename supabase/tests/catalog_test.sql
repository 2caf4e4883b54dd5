-- The catalog: defaults, comments, and which role may execute or touch what.
begin;
set local search_path = public, extensions;
select plan(32);
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
-- job_config_of equals the columns' defaults
insert into job_config (job_name) values ('with-a-row');
select is(to_jsonb(private.job_config_of('without-one')) - 'job_name', to_jsonb(private.job_config_of('with-a-row')) - 'job_name',
  'a name without a row has the defaults of the columns');
select is((private.job_config_of('without-one')).job_name, 'without-one', 'and its own name');

-- Comments, on everything of the engine
select is_empty($$ select c.oid::regclass from pg_class c where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
  and c.relkind in ('r', 'v', 'm', 'p') and obj_description(c.oid, 'pg_class') is null $$, 'every table has a comment');
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  and obj_description(p.oid, 'pg_proc') is null $$, 'every function has a comment');
select is_empty($$ select a.attrelid::regclass || '.' || a.attname from pg_attribute a
  where a.attrelid in ('public.job'::regclass, 'public.job_config'::regclass, 'public.job_logs'::regclass, 'private.job_attempt'::regclass,
    'private.job_step'::regclass, 'private.job_start'::regclass, 'private.job_linger'::regclass, 'private.lane_cursor'::regclass, 'private.dispatcher'::regclass, 'private.net_life'::regclass)
  and a.attnum > 0 and not a.attisdropped and col_description(a.attrelid, a.attnum) is null $$, 'every column of the engine has a comment');

-- Functions
create function pg_temp.may(_role text, _schema text) returns setof text language sql as $$
  select p.proname::text from pg_proc p where p.pronamespace = _schema::regnamespace and has_function_privilege(_role, p.oid, 'execute')
    and p.proname in ('queue_job', 'queue_jobs', 'dequeue_job', 'cancel_job', 'retry_job', 'log_job', 'explain_job', 'start_job', 'heartbeat_job',
      'finish_job', 'next_job', 'release_job', 'save_job_step', 'log_job_attempt', 'begin_commit', 'commit_job') or _schema = 'private'
    and p.pronamespace = _schema::regnamespace and has_function_privilege(_role, p.oid, 'execute') $$;
select is_empty(format('select pg_temp.may(%L, %L)', r, 'private'), format('%s may execute nothing in private', r)) from unnest('{anon,authenticated,service_role}'::text[]) r;
select set_eq(format('select pg_temp.may(%L, %L)', r, 'public'), $$ values ('queue_job'), ('queue_jobs'), ('dequeue_job'), ('cancel_job'), ('retry_job'), ('log_job'), ('explain_job') $$,
  format('%s may call the API of users and nothing of the runtime', r)) from unnest('{anon,authenticated}'::text[]) r;
select set_eq($$ select pg_temp.may('service_role', 'public') $$, $$ values ('queue_job'), ('queue_jobs'), ('dequeue_job'), ('cancel_job'), ('retry_job'), ('log_job'), ('explain_job'),
  ('start_job'), ('heartbeat_job'), ('finish_job'), ('next_job'), ('release_job'), ('save_job_step'), ('log_job_attempt'), ('begin_commit'), ('commit_job') $$, 'service_role may call both');
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  and not coalesce(p.proconfig, '{}') @> array['search_path=""'] $$, 'every function has an empty search_path');
select is_empty($$ select p.oid::regprocedure from pg_proc p where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
  and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x where x.grantee = 0) $$, 'nothing is executable by PUBLIC');

-- Tables
select ok(not has_schema_privilege(r, 'private', 'usage') and not has_schema_privilege(r, 'private', 'create'), format('%s may not use private', r))
  from unnest('{anon,authenticated,service_role}'::text[]) r;
select is_empty(format($$ select c.oid::regclass from pg_class c where c.relnamespace = 'private'::regnamespace and c.relkind in ('r', 'S')
    and case when c.relkind = 'r' then has_table_privilege(%L, c.oid, 'select,insert,update,delete,truncate,references,trigger') or has_any_column_privilege(%1$L, c.oid, 'select,insert,update,references')
      else has_sequence_privilege(%1$L, c.oid, 'usage,select,update') end $$, r),
  format('%s has no privilege on a table of private', r)) from unnest('{anon,authenticated,service_role}'::text[]) r;
select is_empty($$ select c.oid::regclass from pg_class c where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind = 'r' and not c.relrowsecurity $$,
  'every table has row level security');
create function pg_temp.columns(_role text, _privilege text) returns text language sql as $$
  select coalesce(string_agg(a.attname, ',' order by a.attname), 'none') from pg_attribute a
  where a.attrelid = 'public.job'::regclass and a.attnum > 0 and not a.attisdropped and has_column_privilege(_role, a.attrelid, a.attnum, _privilege) $$;
select is(pg_temp.columns('anon', p), 'none', format('anon may not %s a column of job', p)) from unnest('{select,insert,update}'::text[]) p;
select is(pg_temp.columns('authenticated', 'insert'), 'job_name,max_retries,next_run_at,priority,request_body,unique_key', 'columns that users insert');
select is(pg_temp.columns('authenticated', 'update'), 'max_retries,next_run_at,priority,request_body', 'columns that users update');
select is(pg_temp.columns('service_role', 'insert'), 'job_name,max_retries,next_run_at,priority,request_body,unique_key,user_id', 'columns that servers insert');
select is(pg_temp.columns('service_role', 'update'), 'max_retries,next_run_at,priority,request_body', 'columns that servers update');
select ok(not has_table_privilege(r, 'public.job', 'truncate,references,trigger') and not has_table_privilege(r, 'public.job_logs', 'insert,update,delete,truncate,references,trigger'),
  format('%s may not truncate jobs or write their log', r)) from unnest('{anon,authenticated,service_role}'::text[]) r;
select ok(not has_table_privilege('anon', 'public.job_config', 'select,insert,update,delete') and not has_any_column_privilege('anon', 'public.job_config', 'select,insert,update'),
  'anon has nothing to do with job_config');
select ok(not has_table_privilege('authenticated', 'public.job_config', 'insert,update,delete') and not has_column_privilege('authenticated', 'public.job_config', 'job_name', 'update'),
  'signed-in users may not make, name or delete a name (a policy says that only operators read and change them)');

select * from finish();
rollback;
