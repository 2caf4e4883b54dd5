/** Takes secrets out of a text before it is kept anywhere. */
export type Redact = (text: string) => string;

const PLACEHOLDER = "[secret]";

/** A signed JWT: three base64url parts, the first two of which are JSON objects. */
const JWT = /eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}/g;

/** A newer secret key of a Supabase project. */
const SECRET_KEY = /sb_secret_[\w-]{8,}/g;

/** Redacts the given secrets, and whatever looks like a JWT or a secret key. */
export function createRedact(secrets: string[]): Redact {
  const known = secrets.filter((secret) => secret.length >= 8);
  return (text) => {
    let clean = text;
    for (const secret of known) {
      if (clean.includes(secret)) clean = clean.replaceAll(secret, PLACEHOLDER);
    }
    if (clean.includes("eyJ")) clean = clean.replace(JWT, PLACEHOLDER);
    return clean.includes("sb_secret_") ? clean.replace(SECRET_KEY, PLACEHOLDER) : clean;
  };
}
