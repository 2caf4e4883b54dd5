-- After the auth tables: who may use them, and the helpers as hosted Supabase has them. PostgREST
-- sets request.jwt.claims (JSON); the older request.jwt.claim.* settings are read first.

create or replace function auth.uid() returns uuid language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
  )::uuid
$$;

create or replace function auth.role() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.role', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
  )
$$;

create or replace function auth.email() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.email', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
  )
$$;

create or replace function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')
  )::jsonb
$$;

do $$
declare
  v_object record;
begin
  for v_object in
    select format('alter table auth.%I owner to supabase_auth_admin', relname) as statement
    from pg_class where relnamespace = 'auth'::regnamespace and relkind = 'r'
    union all
    select format('alter function %s owner to supabase_auth_admin', oid::regprocedure)
    from pg_proc where pronamespace = 'auth'::regnamespace
  loop
    execute v_object.statement;
  end loop;
end $$;

grant select, insert, update, delete, references, trigger on all tables in schema auth to postgres;
