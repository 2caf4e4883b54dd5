-- Tokens and the Vault.
begin;
set local search_path = public, extensions;
select plan(23);
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
create function pg_temp.decode(_part text) returns bytea language sql as $$
  select decode(rpad(translate(_part, '-_', '+/'), (length(_part) + 3) / 4 * 4, '='), 'base64') $$;
-- HMAC-SHA-256 from RFC 2104, by PostgreSQL's own sha256: independent of the extension that signs.
create function pg_temp.xor(_key bytea, _byte integer) returns bytea language sql as $$
  select string_agg(set_byte('\x00', 0, get_byte(k, n) # _byte), '' order by n)
  from (select _key || decode(repeat('00', 64 - length(_key)), 'hex') as k) padded, generate_series(0, 63) n $$;
create function pg_temp.hmac(_text bytea, _key bytea) returns bytea language sql as $$
  select sha256(pg_temp.xor(k, 92) || sha256(pg_temp.xor(k, 54) || _text))
  from (select case when length(_key) > 64 then sha256(_key) else _key end as k) short $$;
select is(encode(pg_temp.hmac('what do ya want for nothing?', 'Jefe'), 'hex'), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  'this test''s own HMAC gives the vector of RFC 4231');
create function pg_temp.valid(_bearer text, _secret text) returns boolean language sql as $$
  select pg_temp.decode(split_part(t, '.', 3)) = pg_temp.hmac(convert_to(split_part(t, '.', 1) || '.' || split_part(t, '.', 2), 'UTF8'), convert_to(_secret, 'UTF8'))
  from (select substr(_bearer, 8) as t) token $$;
create function pg_temp.part(_bearer text, _n integer) returns jsonb language sql as $$
  select convert_from(pg_temp.decode(split_part(substr(_bearer, 8), '.', _n)), 'UTF8')::jsonb $$;
create temporary table token as select private.generate_user_jwt('a0000000-0000-0000-0000-000000000000', 'authenticated', 'ada@example.test') as t;

select matches(t, '^Bearer [A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$', 'a token is base64url without padding') from token;
select ok(pg_temp.valid(t, 'super-secret-jwt-token-with-at-least-32-characters-long'), 'its signature is HS256 with the secret') from token;
select ok(not pg_temp.valid(t, 'another-secret'), 'and with no other') from token;
select is(pg_temp.part(t, 1), '{"alg": "HS256", "typ": "JWT"}', 'its header') from token;
select is(pg_temp.part(t, 2), '{"sub": "a0000000-0000-0000-0000-000000000000", "aud": "authenticated", "role": "authenticated",
  "email": "ada@example.test", "iat": 1767355200, "exp": 1767358800, "iss": "http://127.0.0.1:54321/auth/v1"}', 'its claims: an hour, in whole seconds') from token;
set local private.frozen_now = '2026-01-02 12:00:00.987654+00';
select is(pg_temp.part(private.generate_user_jwt(null, 'anon', null), 2), '{"aud": "authenticated", "role": "anon", "iat": 1767355200, "exp": 1767358800,
  "iss": "http://127.0.0.1:54321/auth/v1"}', 'without a user there is no sub; times are never fractions');
select is(pg_temp.part(private.job_authorization('b0000000-0000-0000-0000-000000000000'), 2) ->> 'email', 'bob@example.test', 'a job''s token is its user''s');
select is(pg_temp.part(private.job_authorization(null), 2) ->> 'role', 'anon', 'a job without a user gets an anon token, never more');
select ok(pg_temp.valid(private.generate_user_jwt('a0000000-0000-0000-0000-000000000000', 'authenticated', E'"\\\n€𝄞@example.test'),
  'super-secret-jwt-token-with-at-least-32-characters-long'), 'odd e-mail addresses are signed well');
select is(pg_temp.part(private.generate_user_jwt('a0000000-0000-0000-0000-000000000000', 'authenticated', E'"\\\n€𝄞@example.test'), 2) ->> 'email',
  E'"\\\n€𝄞@example.test', 'and read back');
select ok(pg_temp.valid(private.generate_user_jwt(gen_random_uuid(), 'authenticated', repeat('long.', n) || '@example.test'),
  'super-secret-jwt-token-with-at-least-32-characters-long'), format('a token of %s more bytes has no line break', 5 * n)) from unnest('{1,20,200}'::int[]) n;
select vault.create_secret('key-7', 'app.jwt_kid') is null as kid;
select is(pg_temp.part(private.generate_user_jwt(null, 'anon', null), 1), '{"alg": "HS256", "kid": "key-7", "typ": "JWT"}', 'with app.jwt_kid it names the key');
delete from vault.secrets where name = 'app.jwt_secret';
select vault.create_secret(repeat('k', 100), 'app.jwt_secret') is null as long_secret;
select ok(pg_temp.valid(private.generate_user_jwt(null, 'anon', null), repeat('k', 100)), 'a secret longer than a block works');
delete from vault.secrets where name in ('app.jwt_secret', 'supabase_url');
select throws_ok($$ select private.generate_user_jwt(null, 'anon', null) $$, 'JQ500', 'the Vault secret app.jwt_secret is missing', 'without a secret: JQ500');
select is(private.setup_problem(), 'the Vault secret supabase_url and app.jwt_secret is missing: seed it with npm run vault', 'what is missing is said in words');
select vault.create_secret('https://abc.supabase.co/', 'supabase_url') is null as url;
select is(private.supabase_url(), 'https://abc.supabase.co', 'a slash at the end of the URL does no harm');
select is(private.setup_problem(), 'the Vault secret app.jwt_secret is missing: seed it with npm run vault', 'one missing secret is named alone');

-- The clock: only a superuser's session can freeze it
select is(private.now(), '2026-01-02 12:00:00.987654+00', 'a superuser''s test can freeze the clock');
set local private.frozen_now = '';
select ok(private.now() between clock_timestamp() - interval '1 minute' and clock_timestamp(), 'otherwise it is the real time');
set local session authorization postgres;
set local private.frozen_now = '2026-01-02 12:00:00+00';
select ok(private.now() > '2026-02-01', 'nobody else can freeze it');
reset session authorization;

select * from finish();
rollback;
