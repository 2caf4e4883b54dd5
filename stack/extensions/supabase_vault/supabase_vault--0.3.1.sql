-- Local substitute for supabase_vault 0.3.1: the same table, view, functions and privileges.
-- Encryption is AES-256 with a random nonce and an HMAC over id, nonce and cipher text; the key
-- is a file beside the data folder, so a dump or a copied data folder tells no secret.
\echo Use "create extension supabase_vault" to load this file. \quit

-- 64 bytes: 32 to encrypt, 32 to authenticate. The path is not a setting: those can be changed by
-- every session.
create function vault._root_key() returns bytea
language plpgsql stable security definer set search_path = '' as $$
begin
  return pg_catalog.pg_read_binary_file(
    pg_catalog.current_setting('data_directory') || '/../vault/root.key'
  );
end $$;
revoke all on function vault._root_key() from public;

create function vault._crypto_aead_det_noncegen() returns bytea
language sql volatile as $$ select @extschema:pgcrypto@.gen_random_bytes(16) $$;

create function vault._crypto_aead_det_encrypt(
  message bytea, additional bytea, key_id bigint, context bytea default 'pgsodium',
  nonce bytea default null
) returns bytea
language plpgsql stable security definer set search_path = '' as $$
declare
  v_key bytea := vault._root_key();
  v_cipher bytea := @extschema:pgcrypto@.encrypt_iv(
    message, pg_catalog.substr(v_key, 1, 32), nonce, 'aes-cbc/pad:pkcs');
begin
  return @extschema:pgcrypto@.hmac(
    additional || context || nonce || v_cipher, pg_catalog.substr(v_key, 33), 'sha256') || v_cipher;
end $$;

create function vault._crypto_aead_det_decrypt(
  message bytea, additional bytea, key_id bigint, context bytea default 'pgsodium',
  nonce bytea default null
) returns bytea
language plpgsql stable security definer set search_path = '' as $$
declare
  v_key bytea := vault._root_key();
  v_cipher bytea := pg_catalog.substr(message, 33);
begin
  if pg_catalog.substr(message, 1, 32) is distinct from @extschema:pgcrypto@.hmac(
    additional || context || nonce || v_cipher, pg_catalog.substr(v_key, 33), 'sha256')
  then
    raise exception 'vault: the secret does not fit the root key'
      using hint = 'It was written under another key, or changed outside vault.update_secret.';
  end if;
  return @extschema:pgcrypto@.decrypt_iv(
    v_cipher, pg_catalog.substr(v_key, 1, 32), nonce, 'aes-cbc/pad:pkcs');
end $$;

create table vault.secrets (
  id uuid primary key default gen_random_uuid(),
  name text,
  description text not null default '',
  secret text not null,
  key_id uuid,
  nonce bytea default vault._crypto_aead_det_noncegen(),
  created_at timestamptz not null default current_timestamp,
  updated_at timestamptz not null default current_timestamp
);
comment on table vault.secrets is 'Secrets; the column secret is encrypted.';
create unique index on vault.secrets (name) where name is not null;
select pg_catalog.pg_extension_config_dump('vault.secrets', '');

create view vault.decrypted_secrets as
select
  id, name, description, secret,
  convert_from(vault._crypto_aead_det_decrypt(
    decode(secret, 'base64'), convert_to(id::text, 'UTF8'), 0, 'pgsodium', nonce
  ), 'UTF8') as decrypted_secret,
  key_id, nonce, created_at, updated_at
from vault.secrets;

create function vault.create_secret(
  new_secret text, new_name text default null, new_description text default '',
  new_key_id uuid default null
) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  v_id uuid := pg_catalog.gen_random_uuid();
  v_nonce bytea := vault._crypto_aead_det_noncegen();
begin
  insert into vault.secrets (id, name, description, secret, nonce)
  values (
    v_id, new_name, new_description,
    pg_catalog.encode(vault._crypto_aead_det_encrypt(
      pg_catalog.convert_to(new_secret, 'UTF8'), pg_catalog.convert_to(v_id::text, 'UTF8'), 0,
      'pgsodium', v_nonce), 'base64'),
    v_nonce
  );
  return v_id;
end $$;

create function vault.update_secret(
  secret_id uuid, new_secret text default null, new_name text default null,
  new_description text default null, new_key_id uuid default null
) returns void
language plpgsql security definer set search_path = '' as $$
declare
  v_nonce bytea := vault._crypto_aead_det_noncegen();
begin
  update vault.secrets as s set
    secret = case when new_secret is null then s.secret else
      pg_catalog.encode(vault._crypto_aead_det_encrypt(
        pg_catalog.convert_to(new_secret, 'UTF8'), pg_catalog.convert_to(s.id::text, 'UTF8'), 0,
        'pgsodium', v_nonce), 'base64') end,
    nonce = case when new_secret is null then s.nonce else v_nonce end,
    name = coalesce(new_name, s.name),
    description = coalesce(new_description, s.description),
    updated_at = now()
  where s.id = secret_id;
end $$;

revoke all on all functions in schema vault from public;

do $$
declare
  v_role text;
begin
  foreach v_role in array array['postgres', 'service_role'] loop
    continue when to_regrole(v_role) is null;
    execute format($grants$
      grant usage on schema vault to %1$I %2$s;
      grant select, delete on vault.secrets, vault.decrypted_secrets to %1$I %2$s;
      grant execute on function
        vault.create_secret(text, text, text, uuid),
        vault.update_secret(uuid, text, text, text, uuid),
        vault._crypto_aead_det_decrypt(bytea, bytea, bigint, bytea, bytea) to %1$I %2$s;
    $grants$, v_role, case v_role when 'postgres' then 'with grant option' else '' end);
  end loop;
end $$;
