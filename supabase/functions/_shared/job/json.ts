/** What JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A value as JSON, or the reason why it cannot be kept. */
export type Kept = { json: Json; problem?: undefined } | { json?: undefined; problem: string };

const encoder = new TextEncoder();

/**
 * The value as Postgres will give it back: through JSON and without NUL characters and halves of
 * surrogate pairs, which jsonb cannot hold. A value that is not serialisable, or larger than `limit` bytes, is a problem.
 */
export function toJson(value: unknown, limit: number): Kept {
  if (value === undefined || value === null) return { json: null };
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    return { problem: `it is not serialisable: ${(error as Error).message.split("\n")[0]}` };
  }
  if (text === undefined) return { problem: `it is not serialisable: it is a ${typeof value}` };
  const bytes = byteLength(text, limit);
  if (bytes > limit) return { problem: `it has ${bytes} bytes as JSON, at most ${limit} are kept` };
  let clean = text;
  if (clean.includes("\\u0000")) clean = clean.replace(ESCAPED_NUL, "$1");
  if (clean.includes("\\ud")) clean = clean.replace(ESCAPED_SURROGATE, "$1\uFFFD");
  return { json: JSON.parse(clean) as Json };
}

/** An escaped NUL, but not an escaped backslash that happens to be followed by "u0000". */
const ESCAPED_NUL = /(?<!\\)((?:\\\\)*)\\u0000/g;

/** Half an emoji: JSON.stringify escapes only surrogates that have lost their other half. */
const ESCAPED_SURROGATE = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g;

/** The text without what jsonb cannot hold (see toJson) and cut to `limit` bytes of UTF-8. */
export function boundText(text: string, limit: number): string {
  const clean = (text.includes("\0") ? text.replaceAll("\0", "") : text).toWellFormed();
  if (clean.length * 3 <= limit) return clean;
  const bytes = encoder.encode(clean);
  if (bytes.length <= limit) return clean;
  const kept = new TextDecoder().decode(bytes.subarray(0, limit - 3)).replace(/\uFFFD+$/, "");
  return `${kept}…`;
}

function byteLength(text: string, limit: number): number {
  return text.length * 3 <= limit ? text.length : encoder.encode(text).length;
}
