import { type Filter, type JobState, type Json, STATES } from "../api/types.ts";

/** The filter of the list as it is in the URL: text, valid or not. */
export interface FilterText {
  state: string;
  name: string;
  from: string;
  to: string;
  text: string;
  body: string;
  user: string;
}

export const FIELDS: (keyof FilterText)[] = [
  "state",
  "name",
  "from",
  "to",
  "text",
  "body",
  "user",
];

/** Reads the URL's parameters. */
export function filterText(params: URLSearchParams): FilterText {
  return Object.fromEntries(
    FIELDS.map((field) => [field, params.get(field) ?? ""]),
  ) as unknown as FilterText;
}

/** What the database is asked for, and what of the text it cannot be asked for. */
export function readFilter(
  text: FilterText,
  now = Date.now(),
): { filter: Filter; problems: Partial<Record<keyof FilterText, string>> } {
  const filter: Filter = {};
  const problems: Partial<Record<keyof FilterText, string>> = {};
  const states = text.state.split(",").filter((s): s is JobState => STATES.includes(s as JobState));
  if (states.length > 0) filter.states = states;
  if (text.name) filter.job_name = text.name;
  if (text.user) {
    if (isUuid(text.user)) filter.user_id = text.user;
    else filter.user_email = text.user;
  }
  for (const [field, key] of [["from", "created_from"], ["to", "created_to"]] as const) {
    if (!text[field]) continue;
    const time = readTime(text[field], now);
    if (time) filter[key] = time;
    else problems[field] = "not a time";
  }
  if (text.text.length === 1) problems.text = "at least two characters";
  else if (text.text) filter.error = text.text;
  if (text.body) {
    try {
      filter.body = JSON.parse(text.body) as Json;
    } catch {
      problems.body = 'expected JSON, such as {"day": "2026-11-24"}';
    }
  }
  return { filter, problems };
}

const AGO = /^(\d+)(m|h|d)$/;
const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time as the form gives it, or a span back from now: 15m, 2h, 7d. */
function readTime(text: string, now: number): string | null {
  const ago = text.match(AGO);
  if (ago) {
    // To the minute, so that the same filter is the same query for a while.
    const time = now - Number(ago[1]) * UNIT_MS[ago[2] as keyof typeof UNIT_MS];
    return new Date(Math.floor(time / 60_000) * 60_000).toISOString();
  }
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** Whether a text has the form of an id. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
