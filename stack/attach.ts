import postgres from "postgres";

/** The URLs of the roles that the API services work as. */
export interface RoleUrls {
  authenticatorUrl: string;
  authUrl: string;
  /** Sees the whole catalog. */
  catalogUrl: string;
}

/** The roles' URLs on the stack's own Postgres, whose passwords are all `postgres`. */
export function ownRoleUrls(adminUrl: string): RoleUrls {
  return {
    authenticatorUrl: asRole(adminUrl, "authenticator"),
    authUrl: asRole(adminUrl, "supabase_auth_admin"),
    catalogUrl: adminUrl,
  };
}

/**
 * The roles' URLs on somebody else's Postgres: authenticator and supabase_auth_admin with the same
 * password, as on a local Supabase, or else the given role, which may SET ROLE to the API roles.
 */
export async function foreignRoleUrls(databaseUrl: string): Promise<RoleUrls> {
  const orGiven = async (role: string) => {
    const url = asRole(databaseUrl, role);
    return await canConnect(url) ? url : databaseUrl;
  };
  return {
    authenticatorUrl: await orGiven("authenticator"),
    authUrl: await orGiven("supabase_auth_admin"),
    catalogUrl: databaseUrl,
  };
}

function asRole(url: string, role: string): string {
  const changed = new URL(url);
  changed.username = role;
  return changed.href;
}

async function canConnect(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} });
  try {
    await sql`select 1`;
    return true;
  } catch {
    return false;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
