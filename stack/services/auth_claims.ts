import { decodeJwt, SignJWT } from "jose";

interface Tokens {
  access_token?: string;
  user?: { app_metadata?: unknown; user_metadata?: unknown };
}

/**
 * Puts the user's metadata into an answer's access token, as GoTrue does and `@supabase/lite` does not:
 * policies read `auth.jwt() -> 'app_metadata'`.
 */
export async function withMetadata(response: Response, jwtSecret: string): Promise<Response> {
  if (!response.headers.get("Content-Type")?.startsWith("application/json")) return response;
  const text = await response.text();
  const { status, headers } = response;
  const tokens = readTokens(text);
  if (!tokens?.access_token || !tokens.user) return new Response(text || null, { status, headers });
  const { app_metadata, user_metadata } = tokens.user;
  const access_token = await new SignJWT({
    ...decodeJwt(tokens.access_token),
    app_metadata,
    user_metadata,
  }).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(new TextEncoder().encode(jwtSecret));
  headers.delete("Content-Length");
  return new Response(JSON.stringify({ ...tokens, access_token }), { status, headers });
}

function readTokens(text: string): Tokens | null {
  try {
    return JSON.parse(text) as Tokens | null;
  } catch {
    return null;
  }
}
