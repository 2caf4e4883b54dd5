import { App } from "@supabase/lite";
import { createPostgresConnection } from "@supabase/lite/postgres";
import { join, normalize } from "node:path";
import { jsonTypes } from "./rest.ts";

const types: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".woff2": "font/woff2",
  ".ico": "image/x-icon",
};

/** The table editor and SQL page of `@supabase/lite`, as `databaseUrl`'s role. Loopback only. */
export function createStudio(options: { databaseUrl: string; schemas: string[] }) {
  const connection = createPostgresConnection({
    url: options.databaseUrl,
    postgresOptions: { types: jsonTypes, max: 2, onnotice: () => {} },
  });
  (connection as unknown as { rlsState: string }).rlsState = "active";
  const app = new App({
    connection,
    api: { enabled: true, schemas: options.schemas },
    auth: { enabled: false },
    studio: { enabled: true },
    options: { server: { admin: true } },
  });
  const statics = new URL("./static/", import.meta.resolve("@supabase/lite")).pathname;

  async function fetch(request: Request, peerAddress: string): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/static/")) return await app.fetch(request, { peerAddress });
    const path = join(statics, normalize(pathname.slice("/static".length)));
    const file = await Deno.open(path).catch(() => null);
    if (!file) return new Response("not found", { status: 404 });
    const type = types[path.slice(path.lastIndexOf("."))] ?? "application/octet-stream";
    return new Response(file.readable, { headers: { "Content-Type": type } });
  }
  return { fetch, stop: () => connection.close() };
}
