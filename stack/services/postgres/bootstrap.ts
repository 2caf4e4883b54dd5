// What the first start puts into an empty database.
import * as fs from "node:fs/promises";
import postgres from "postgres";
import { getAuthSchemaSql } from "@supabase/lite";

/** The JWT secret of every local Supabase; nothing hosted has it. */
export const LOCAL_JWT_SECRET = "super-secret-jwt-token-with-at-least-32-characters-long";

/** Makes roles, schemas, extensions and the auth tables in a database that was just initialised. */
export async function bootstrap(
  adminUrl: string,
  defaultPrivileges: "new" | "old",
): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(await file("roles.sql")).simple();
    await sql.unsafe(getAuthSchemaSql()).simple();
    await sql.unsafe(await file("auth.sql")).simple();
    if (defaultPrivileges === "old") {
      await sql.unsafe(await file("default-privileges-old.sql")).simple();
    }
    await sql.unsafe(
      `alter database postgres set "app.settings.jwt_secret" = '${LOCAL_JWT_SECRET}';
       alter database postgres set "app.settings.jwt_exp" = '3600';`,
    ).simple();
  } finally {
    await sql.end();
  }
}

async function file(name: string): Promise<string> {
  return await fs.readFile(new URL(name, import.meta.url), "utf8");
}
