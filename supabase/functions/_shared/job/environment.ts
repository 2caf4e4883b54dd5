/** What a job function knows about the project it runs in. */
export interface Environment {
  /** Base URL of the project's API. */
  url: string;
  /** Key of the role anon: sent along with a user's token. */
  anonKey: string;
  /** Key of service_role: proves to the runtime API that a function of this project is calling. */
  serviceKey: string;
  /** How long the platform lets one isolate live. */
  wallClockSeconds: number;
}

/** The wall clock of the free plan; JOB_WALL_CLOCK_SECONDS says otherwise (400 on paid plans). */
const DEFAULT_WALL_CLOCK_SECONDS = 150;

/** Reads the environment that Supabase gives to every function. Throws naming what is missing. */
export function readEnvironment(get: (name: string) => string | undefined): Environment {
  return {
    url: required(get, "SUPABASE_URL").replace(/\/+$/, ""),
    anonKey: key(get, "SUPABASE_PUBLISHABLE_KEYS", "SUPABASE_ANON_KEY"),
    serviceKey: key(get, "SUPABASE_SECRET_KEYS", "SUPABASE_SERVICE_ROLE_KEY"),
    wallClockSeconds: wallClock(get("JOB_WALL_CLOCK_SECONDS")),
  };
}

function required(get: (name: string) => string | undefined, name: string): string {
  const value = get(name);
  if (!value) throw new Error(`${name} is not set: Supabase sets it for every Edge Function`);
  return value;
}

/** A key of the newer JSON form ({"default": "sb_…"}) where the project has one, else the legacy one. */
function key(get: (name: string) => string | undefined, newer: string, legacy: string): string {
  const text = get(newer);
  if (!text) return required(get, legacy);
  const value = firstKey(text);
  if (value) return value;
  const fallback = get(legacy);
  if (fallback) return fallback;
  throw new Error(`${newer} is not a JSON object of keys, and ${legacy} is not set`);
}

function firstKey(text: string): string | undefined {
  try {
    const keys = JSON.parse(text) as Record<string, unknown>;
    const value = keys["default"] ?? Object.values(keys)[0];
    return typeof value === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

function wallClock(text: string | undefined): number {
  if (!text) return DEFAULT_WALL_CLOCK_SECONDS;
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new Error(`JOB_WALL_CLOCK_SECONDS must be a number of seconds above 0, found "${text}"`);
}
