-- For `supabase start`: the two Vault secrets, only where they are missing, and only on a local stack:
-- the setting app.settings.jwt_secret exists only there. On a hosted project this file changes nothing.
do $$
begin
  if coalesce(current_setting('app.settings.jwt_secret', true), '') = '' then
    return;
  end if;
  if not exists (select from vault.secrets where name = 'supabase_url') then
    perform vault.create_secret('http://api.supabase.internal:8000', 'supabase_url', 'Base URL of the API');
  end if;
  if not exists (select from vault.secrets where name = 'app.jwt_secret') then
    perform vault.create_secret(current_setting('app.settings.jwt_secret'), 'app.jwt_secret', 'Signs users'' tokens');
  end if;
end
$$;
