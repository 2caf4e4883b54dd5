/**
 * The functions service: `deno run -A stack/services/functions.ts`, settings as JSON in the
 * environment variable STACK_SETTINGS. Prints `ready PORT` when it listens, and ends on SIGTERM,
 * SIGINT, or when its stdin closes, with all of its function processes.
 */
import { createPool } from "./functions/pool.ts";
import { invalidJwt, missingAuthorization, notFound } from "./functions/answers.ts";
import { functionEntry } from "./functions/source.ts";
import type { Limits } from "./functions/worker.ts";
import { isValidToken, type Keys } from "../keys.ts";
import { runProgram } from "./program.ts";

export interface FunctionsSettings {
  port: number;
  functionsDir: string;
  projectDir: string;
  logDir: string;
  keys: Keys;
  apiUrl: string;
  databaseUrl: string;
  verifyJwt: Record<string, boolean>;
  limits: Limits;
  /** Whether functions get their `jsr:` imports from JSR, or from stack/std. */
  jsr: boolean;
  /** More environment for the functions, as `supabase secrets set` gives it. */
  secrets?: Record<string, string>;
}

/** The environment that Supabase gives to every function. */
export function functionEnvironment(settings: FunctionsSettings): Record<string, string> {
  const { keys } = settings;
  return {
    ...settings.secrets,
    SUPABASE_URL: settings.apiUrl,
    SUPABASE_ANON_KEY: keys.anonKey,
    SUPABASE_SERVICE_ROLE_KEY: keys.serviceRoleKey,
    SUPABASE_DB_URL: settings.databaseUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secretKey }),
  };
}

/** Listens for requests `/NAME[/…]` (the gateway has taken `/functions/v1` off). */
function serveFunctions(settings: FunctionsSettings) {
  const pool = createPool({
    ...settings,
    preload: new URL("./functions/preload.ts", import.meta.url).pathname,
    env: functionEnvironment(settings),
  });

  async function handle(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === "/_workers") return Response.json(pool.list());
    const name = url.pathname.split("/")[1] ?? "";
    if (!functionEntry(settings.functionsDir, name)) {
      await request.body?.cancel();
      return notFound();
    }
    if (request.method !== "OPTIONS" && (settings.verifyJwt[name] ?? true)) {
      const refusal = await checkToken(request, settings.keys.jwtSecret);
      if (refusal) {
        await request.body?.cancel();
        return refusal;
      }
    }
    return pool.handle(request, name, url.pathname + url.search);
  }

  const server = Deno.serve(
    { hostname: "127.0.0.1", port: settings.port, onListen: () => {} },
    handle,
  );
  return {
    port: server.addr.port,
    async stop() {
      await pool.stop();
      await server.shutdown();
    },
  };
}

async function checkToken(request: Request, jwtSecret: string): Promise<Response | null> {
  const authorization = request.headers.get("Authorization");
  if (!authorization) return missingAuthorization();
  const token = authorization.replace(/^Bearer\s+/i, "");
  return await isValidToken(token, jwtSecret) ? null : invalidJwt();
}

if (import.meta.main) await runProgram<FunctionsSettings>(serveFunctions);
