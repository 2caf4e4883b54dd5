import { jwtVerify, SignJWT } from "jose";
import { createHmac } from "node:crypto";

/** The secret that a local Supabase signs its tokens with. */
export const LOCAL_JWT_SECRET = "super-secret-jwt-token-with-at-least-32-characters-long";

/** The keys of one stack, all derived from its JWT secret: the same secret gives the same keys. */
export interface Keys {
  jwtSecret: string;
  /** Legacy key: a JWT with the role anon. */
  anonKey: string;
  /** Legacy key: a JWT with the role service_role. */
  serviceRoleKey: string;
  publishableKey: string;
  secretKey: string;
}

const EXPIRES = Date.UTC(2036, 0, 1) / 1000;

/** Derives every key from the JWT secret. */
export async function deriveKeys(jwtSecret = LOCAL_JWT_SECRET): Promise<Keys> {
  return {
    jwtSecret,
    anonKey: await legacyKey("anon", jwtSecret),
    serviceRoleKey: await legacyKey("service_role", jwtSecret),
    publishableKey: opaqueKey("publishable", jwtSecret),
    secretKey: opaqueKey("secret", jwtSecret),
  };
}

/** The role a key stands for, or null for a key that is none of the stack's. */
export function roleOfKey(key: string, keys: Keys): "anon" | "service_role" | null {
  if (key === keys.anonKey || key === keys.publishableKey) return "anon";
  if (key === keys.serviceRoleKey || key === keys.secretKey) return "service_role";
  return null;
}

/** True for a token that is signed with the secret and has not expired. */
export async function isValidToken(token: string, jwtSecret: string): Promise<boolean> {
  try {
    await jwtVerify(token, new TextEncoder().encode(jwtSecret), { algorithms: ["HS256"] });
    return true;
  } catch {
    return false;
  }
}

function legacyKey(role: string, jwtSecret: string): Promise<string> {
  return new SignJWT({ iss: "supabase-local", role, exp: EXPIRES })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .sign(new TextEncoder().encode(jwtSecret));
}

function opaqueKey(kind: "publishable" | "secret", jwtSecret: string): string {
  const body = createHmac("sha256", jwtSecret).update(kind).digest("base64url");
  return `sb_${kind}_${body.slice(0, 22)}_${body.slice(22, 30)}`;
}
