/** What went wrong, in words for a person. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  if (typeof error === "object" && error !== null && "message" in error) return `${error.message}`;
  return `${error}`;
}

/** A request that could not reach the server at all, as browsers report it. */
export function isUnreachable(error: unknown): boolean {
  return codeOf(error) === null &&
    /failed to fetch|networkerror|load failed|network request failed|timed out|timeout/i
      .test(messageOf(error));
}

/** The database's own code (JQ404, 42501 …), where the error has one. */
export function codeOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" && error.code !== "" ? error.code : null;
}
