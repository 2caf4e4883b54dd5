/**
 * The API service: `deno run -A stack/services/api.ts`, settings as JSON in the environment
 * variable STACK_SETTINGS. One gateway on the API port routes /rest/v1, /auth/v1 and
 * /functions/v1 as Supabase's does; the dashboard listens on the studio port.
 */
import type { Keys } from "../keys.ts";
import { createAuth } from "./auth.ts";
import { createRest } from "./rest.ts";
import { createStudio } from "./studio.ts";
import { corsPreflight, proxyToFunctions, withCors } from "./gateway.ts";
import { type Running, runProgram } from "./program.ts";

export interface ApiSettings {
  port: number;
  /** Null: no dashboard. */
  studioPort: number | null;
  functionsPort: number;
  authenticatorUrl: string;
  authUrl: string;
  /** As postgres: what the dashboard works as. */
  databaseUrl: string;
  catalogUrl: string;
  keys: Keys;
  schemas: string[];
  extraSearchPath: string[];
  maxRows: number;
  siteUrl: string;
  jwtExpiry: number;
  minimumPasswordLength: number;
}

async function serveApi(settings: ApiSettings): Promise<Running> {
  const rest = await createRest(settings);
  const auth = createAuth({ ...settings, apiUrl: `http://127.0.0.1:${settings.port}` });
  const studio = settings.studioPort === null ? null : createStudio(settings);

  async function route(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const service = pathname.startsWith("/rest/v1")
      ? rest
      : pathname.startsWith("/auth/v1")
      ? auth
      : null;
    if (service) {
      return request.method === "OPTIONS"
        ? corsPreflight(request)
        : withCors(await service.fetch(request));
    }
    if (pathname.startsWith("/functions/v1/")) {
      return await proxyToFunctions(request, settings.functionsPort);
    }
    return Response.json({ message: "no Route matched with those values" }, { status: 404 });
  }

  const gateway = Deno.serve(
    { hostname: "127.0.0.1", port: settings.port, onListen: () => {} },
    route,
  );
  const dashboard = studio && Deno.serve(
    { hostname: "127.0.0.1", port: settings.studioPort ?? 0, onListen: () => {} },
    (request, info) => studio.fetch(request, info.remoteAddr.hostname),
  );

  return {
    port: gateway.addr.port,
    async stop() {
      await Promise.all([gateway.shutdown(), dashboard?.shutdown()]);
      await Promise.all([rest.stop(), auth.stop(), studio?.stop()]);
    },
  };
}

if (import.meta.main) await runProgram<ApiSettings>(serveApi);
