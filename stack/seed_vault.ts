import type postgres from "postgres";

/**
 * Puts the two secrets the engine needs into the Vault where they are missing. A `supabase_url` of
 * an earlier start on another loopback port is brought up to date; any other value is left alone.
 */
export async function seedVault(
  sql: postgres.Sql,
  secrets: { apiUrl: string; jwtSecret: string },
): Promise<void> {
  await ensureSecret(sql, "supabase_url", secrets.apiUrl, isLoopback);
  await ensureSecret(sql, "app.jwt_secret", secrets.jwtSecret, () => false);
}

async function ensureSecret(
  sql: postgres.Sql,
  name: string,
  value: string,
  mayReplace: (old: string) => boolean,
): Promise<void> {
  const [known] = await sql<{ id: string; decrypted_secret: string }[]>`
    select id, decrypted_secret from vault.decrypted_secrets where name = ${name}`;
  if (!known) await sql`select vault.create_secret(${value}, ${name})`;
  else if (known.decrypted_secret !== value && mayReplace(known.decrypted_secret)) {
    await sql`select vault.update_secret(${known.id}, ${value})`;
  }
}

function isLoopback(url: string): boolean {
  return /^http:\/\/127\.0\.0\.1:\d+$/.test(url);
}
