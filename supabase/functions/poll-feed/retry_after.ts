const DEFAULT_SECONDS = 60;

/** What an answer's Retry-After asks for: seconds or an HTTP date; a minute if it says neither. */
export function retryAfter(response: Response): number | Date {
  const value = response.headers.get("Retry-After")?.trim() ?? "";
  if (/^\d+$/.test(value)) return Number(value);
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? DEFAULT_SECONDS : date;
}
