interface DatabaseError {
  code: string;
  message: string;
  detail?: string;
  hint?: string;
}

/** The database cannot be asked what is in it. */
export class SchemaCacheError extends Error {}

/** Codes that the library itself answers as PostgREST does: its own RAISE conventions, unknown names. */
const LEFT_ALONE = /^(PGRST|PT...|42P01|42883|42703)$/;

/** PostgREST's HTTP status for a class of SQLSTATEs; the first match counts, anything else is 400. */
const STATUS: [RegExp, number][] = [
  [/^(08|53(?!400))/, 503],
  [/^(0L|0P|28)/, 403],
  [/^(23503|23505)/, 409],
  [/^25006/, 405],
  [/^P0001/, 400],
  [/^(09|25|2D|38|39|3B|40|53400|54|55|57|58|F0|HV|P0|XX|42P17)/, 500],
];

/**
 * The answer PostgREST gives when the database refuses: `code`, `message`, `details`, `hint`. Null
 * when there was no such error, or the library's answer is PostgREST's already.
 */
export function databaseErrorResponse(
  given: Response,
  error: unknown,
  role = "anon",
): Response | null {
  if (given.ok || !error) return null;
  if (error instanceof SchemaCacheError) {
    return answer(given, 503, {
      code: "PGRST002",
      message: "Could not query the database for the schema cache. Retrying.",
    });
  }
  if (isConnectionError(error)) {
    return answer(given, 503, {
      code: "PGRST001",
      message: "Database client error. Retrying the connection.",
    });
  }
  if (!isDatabaseError(error) || LEFT_ALONE.test(error.code)) return null;
  return answer(given, statusOf(error.code, role), {
    code: error.code,
    message: error.message,
    details: error.detail,
    hint: error.hint,
  });
}

function statusOf(code: string, role: string): number {
  if (code === "42501") return role === "anon" ? 401 : 403;
  return STATUS.find(([pattern]) => pattern.test(code))?.[1] ?? 400;
}

function isDatabaseError(error: unknown): error is DatabaseError {
  const { code } = error as { code?: unknown };
  return error instanceof Error && typeof code === "string" && /^[0-9A-Z]{5}$/.test(code);
}

function isConnectionError(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === "string" && /^(CONNECT|ECONN|EPIPE|57P0[123]$)/.test(code);
}

function answer(
  given: Response,
  status: number,
  error: { code: string; message: string; details?: string; hint?: string },
): Response {
  const headers = new Headers(given.headers);
  headers.delete("Content-Length");
  headers.set("Content-Type", "application/json; charset=utf-8");
  const { code, details = null, hint = null, message } = error;
  return new Response(JSON.stringify({ code, details, hint, message }), { status, headers });
}
