import type postgres from "postgres";

/** What the engine reads from the Vault. */
export type SecretName = "supabase_url" | "app.jwt_secret" | "app.jwt_kid";
export type Secrets = Partial<Record<SecretName, string>>;

/** The engine's secrets that the Vault holds. */
export async function readSecrets(sql: postgres.ISql): Promise<Secrets> {
  const rows = await sql<{ name: SecretName; value: string }[]>`
    select name, decrypted_secret as value from vault.decrypted_secrets
    where name in ('supabase_url', 'app.jwt_secret', 'app.jwt_kid')`;
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

/** Makes or changes one secret; says which. */
export async function writeSecret(
  sql: postgres.ISql,
  name: SecretName,
  value: string,
): Promise<"made" | "changed" | "unchanged"> {
  const [known] = await sql<{ id: string; value: string }[]>`
    select id, decrypted_secret as value from vault.decrypted_secrets where name = ${name}`;
  if (!known) {
    await sql`select vault.create_secret(${value}, ${name})`;
    return "made";
  }
  if (known.value === value) return "unchanged";
  await sql`select vault.update_secret(${known.id}, ${value})`;
  return "changed";
}

/** What is wrong with a base URL; null: nothing. */
export function urlProblem(text: string): string | null {
  const example = "expected one like https://PROJECT.supabase.co";
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return `supabase_url is not a URL (${JSON.stringify(text)}): ${example}`;
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return `supabase_url starts with ${url.protocol}: ${example}`;
  }
  if (url.pathname !== "/" || url.search || url.hash || url.username) {
    return `supabase_url is more than a base URL (${JSON.stringify(text)}): ${example}`;
  }
  return null;
}

/** What is wrong with a JWT secret; null: nothing. */
export function secretProblem(secret: string): string | null {
  if (secret.trim() !== secret) return "app.jwt_secret begins or ends with white space";
  if (secret.length < 32) {
    return `app.jwt_secret has ${secret.length} characters, expected at least 32: copy it from the ` +
      "dashboard, Settings, JWT Keys";
  }
  if (/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(secret)) {
    return "app.jwt_secret is a token (a key such as anon or service_role), expected the secret that signs them";
  }
  return null;
}

/** True for a host that only the database's own network knows. */
export function isInternal(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "kong" || hostname.endsWith(".internal") ||
    !/[.:]|^localhost$/.test(hostname);
}
