-- Part 5: what the Vault holds, and the token a job runs with.
-- Nothing here is callable by an API role: whoever can call these can be any user.

-- The project's base URL. Takes nothing; returns text, or null while the Vault secret supabase_url is missing.
create function private.supabase_url() returns text
language plpgsql stable security invoker set search_path = ''
as $$
begin
  return (
    select rtrim(s.decrypted_secret, '/') from vault.decrypted_secrets s where s.name = 'supabase_url'
  );
end
$$;
comment on function private.supabase_url() is 'Base URL of the project''s API, from the Vault secret supabase_url.';

-- The JWT secret. Takes nothing; returns text, or null while the Vault secret app.jwt_secret is missing.
create function private.jwt_secret() returns text
language plpgsql stable security invoker set search_path = ''
as $$
begin
  return (
    select s.decrypted_secret from vault.decrypted_secrets s where s.name = 'app.jwt_secret'
  );
end
$$;
comment on function private.jwt_secret() is 'Secret that signs users'' tokens, from the Vault secret app.jwt_secret.';

-- Bytes as base64 for URLs, without padding (RFC 7515).
create function private.base64url(_bytes bytea) returns text
language plpgsql immutable security invoker set search_path = ''
as $$
begin
  return rtrim(translate(encode(_bytes, 'base64'), E'+/\n', '-_'), '=');
end
$$;
comment on function private.base64url(bytea) is 'base64url without padding.';

-- What a token is signed with, read once for as many tokens as a statement needs.
create type private.signer as (base_url text, secret text, head text);
comment on type private.signer is 'The base URL, the JWT secret and the encoded head of a token, as the Vault has them.';

-- Reads the Vault once. Takes nothing; returns the signer. Raises JQ500 while app.jwt_secret is missing.
create function private.signer() returns private.signer
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_kid text;
  v_signer private.signer;
begin
  select rtrim(max(s.decrypted_secret) filter (where s.name = 'supabase_url'), '/'),
    max(s.decrypted_secret) filter (where s.name = 'app.jwt_secret'),
    max(s.decrypted_secret) filter (where s.name = 'app.jwt_kid')
  into v_signer.base_url, v_signer.secret, v_kid
  from vault.decrypted_secrets s where s.name in ('app.jwt_secret', 'app.jwt_kid', 'supabase_url');
  if coalesce(v_signer.secret, '') = '' then
    raise exception using errcode = 'JQ500',
      message = 'the Vault secret app.jwt_secret is missing',
      hint = 'Seed it with: npm run vault';
  end if;
  v_signer.head := private.base64url(convert_to('{"alg": "HS256", "typ": "JWT"'
    || coalesce(', "kid": ' || to_json(v_kid), '') || '}', 'UTF8'));
  return v_signer;
end
$$;
comment on function private.signer() is 'What tokens are signed with, from the Vault.';

-- A token for one hour, signed with HS256. Takes the signer, the user (null: none), the role and the e-mail
-- address; returns 'Bearer ' and the token. iat and exp are whole seconds: PostgREST reads a fractional exp
-- as 0. No session_id: Auth would look the session up. base64url is written out here: this runs for every job.
create function private.sign_user_jwt(_signer private.signer, _user_id uuid, _role text, _email text) returns text
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_iat bigint := floor(extract(epoch from private.now()))::bigint;
  v_signed text := _signer.head || '.' || translate(encode(convert_to(jsonb_strip_nulls(jsonb_build_object(
    'iss', _signer.base_url || '/auth/v1', 'aud', 'authenticated', 'sub', _user_id,
    'role', _role, 'email', _email, 'iat', v_iat, 'exp', v_iat + 3600))::text, 'UTF8'), 'base64'), E'+/=\n', '-_');
begin
  return 'Bearer ' || v_signed || '.' || translate(encode(extensions.hmac(
    convert_to(v_signed, 'UTF8'), convert_to(_signer.secret, 'UTF8'), 'sha256'), 'base64'), E'+/=\n', '-_');
end
$$;
comment on function private.sign_user_jwt(private.signer, uuid, text, text) is
  'Bearer token of a user for one hour. Never callable by an API role.';

-- A token for one hour, signed with HS256 and, if the Vault has app.jwt_kid, naming that key. Contract of
-- the article. Takes the user (null: none), the role and the e-mail address; returns 'Bearer ' and the token.
-- Raises JQ500 while a Vault secret is missing.
create function private.generate_user_jwt(_user_id uuid, _role text, _email text) returns text
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  return private.sign_user_jwt(private.signer(), _user_id, _role, _email);
end
$$;
comment on function private.generate_user_jwt(uuid, text, text) is
  'Bearer token of a user for one hour. Never callable by an API role.';

-- The Authorization header of a job: its user's token, or an anon token for a job without a user.
create function private.job_authorization(_user_id uuid, _signer private.signer default private.signer()) returns text
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  if _user_id is null then
    return private.sign_user_jwt(_signer, null, 'anon', null);
  end if;
  return private.sign_user_jwt(_signer, _user_id, 'authenticated',
    (select u.email::text from auth.users u where u.id = _user_id));
end
$$;
comment on function private.job_authorization(uuid, private.signer) is
  'The Authorization header that a job of this user runs with.';

-- What is missing before anything can be rung, in words a person can act on; null if nothing is.
create function private.setup_problem() returns text
language plpgsql stable security invoker set search_path = ''
as $$
begin
  return (
    select 'the Vault secret ' || string_agg(s.name, ' and ') || ' is missing: seed it with npm run vault'
    from (values ('supabase_url', private.supabase_url()), ('app.jwt_secret', private.jwt_secret()))
      as s (name, value)
    where coalesce(s.value, '') = ''
    having count(*) > 0
  );
end
$$;
comment on function private.setup_problem() is 'What is missing in the Vault, or null.';

revoke all on all functions in schema private from public, anon, authenticated, service_role;
