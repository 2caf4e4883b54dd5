import { SignJWT } from "jose";

/** What an API says to a token: accepted, or why not; null: it could not be asked. */
export type Verdict = { accepted: true } | { accepted: false; reason: string } | null;

/** A token of nobody, for a minute, signed as the engine signs. */
export async function signProbe(secret: string, kid?: string): Promise<string> {
  return await new SignJWT({ role: "authenticated" })
    .setProtectedHeader({ alg: "HS256", typ: "JWT", ...(kid ? { kid } : {}) })
    .setAudience("authenticated")
    .setSubject(crypto.randomUUID())
    .setIssuedAt()
    .setExpirationTime("1 minute")
    .sign(new TextEncoder().encode(secret));
}

/** Asks Auth: to a token whose signature holds it says that it does not know the user. */
export async function askAuth(apiUrl: string, apiKey: string, token: string): Promise<Verdict> {
  const answer = await get(`${apiUrl}/auth/v1/user`, apiKey, token);
  if (!answer) return null;
  if (answer.status === 200 || answer.body.includes("user_not_found")) return { accepted: true };
  return { accepted: false, reason: `Auth answered ${answer.status}: ${answer.body}` };
}

/** Asks the REST API, which checks the token for itself. */
export async function askRest(apiUrl: string, apiKey: string, token: string): Promise<Verdict> {
  const answer = await get(`${apiUrl}/rest/v1/job?select=id&limit=1`, apiKey, token);
  if (!answer) return null;
  if (answer.status !== 401) return { accepted: true };
  return { accepted: false, reason: `the REST API answered 401: ${answer.body}` };
}

async function get(url: string, apiKey: string, token: string) {
  try {
    const response = await fetch(url, {
      headers: { apikey: apiKey, Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(10_000),
    });
    return { status: response.status, body: (await response.text()).slice(0, 300) };
  } catch {
    return null;
  }
}
