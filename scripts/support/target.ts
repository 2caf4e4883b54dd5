import { deriveKeys } from "../../stack/keys.ts";
import { runningStack } from "../../stack/run_file.ts";
import { run, supabaseCli } from "./command.ts";

/** Which Supabase a script works on. */
export interface Target {
  /** For people: "the local stack", "supabase start" or the database's host. */
  name: string;
  databaseUrl: string;
  /** The API as this machine reaches it; null: not known. */
  apiUrl: string | null;
  /** A key that the API's gateway takes as `apikey`; null: not known. */
  apiKey: string | null;
  /** What the Vault has to hold, as far as the target tells. */
  supabaseUrl: string | null;
  jwtSecret: string | null;
}

/** What a command line may say about the target. */
export interface TargetOptions {
  "database-url"?: string;
  "api-url"?: string;
  "api-key"?: string;
}

/** How `supabase start` calls its API from inside the database's container. */
const DOCKER_API_URL = "http://api.supabase.internal:8000";

/** The database of `--database-url`, or the local stack, or `supabase start`, whichever runs. */
export async function findTarget(options: TargetOptions): Promise<Target> {
  const said = {
    apiUrl: options["api-url"]?.replace(/\/+$/, "") ?? null,
    apiKey: options["api-key"] ?? Deno.env.get("SUPABASE_ANON_KEY") ?? null,
  };
  const databaseUrl = options["database-url"];
  if (databaseUrl) {
    const name = new URL(databaseUrl).host;
    return { name, databaseUrl, ...said, supabaseUrl: null, jwtSecret: null };
  }
  const target = await localStack() ?? await supabaseStart();
  if (target) {
    return {
      ...target,
      apiUrl: said.apiUrl ?? target.apiUrl,
      apiKey: options["api-key"] ?? target.apiKey,
    };
  }
  throw new Error(
    "expected a running local stack (npm start), a running supabase start, or --database-url URL; found none",
  );
}

async function localStack(): Promise<Target | null> {
  const stack = runningStack();
  if (!stack?.apiUrl) return null;
  const keys = await deriveKeys();
  return {
    name: "the local stack",
    databaseUrl: stack.dbUrl,
    apiUrl: stack.apiUrl,
    apiKey: keys.anonKey,
    supabaseUrl: stack.apiUrl,
    jwtSecret: keys.jwtSecret,
  };
}

async function supabaseStart(): Promise<Target | null> {
  const { success, stdout } = await run(supabaseCli, ["status", "-o", "json"]);
  if (!success) return null;
  const status = JSON.parse(stdout) as Record<string, string>;
  if (!status.DB_URL) return null;
  return {
    name: "supabase start",
    databaseUrl: status.DB_URL,
    apiUrl: status.API_URL ?? null,
    apiKey: status.ANON_KEY ?? status.PUBLISHABLE_KEY ?? null,
    supabaseUrl: DOCKER_API_URL,
    jwtSecret: status.JWT_SECRET ?? null,
  };
}
