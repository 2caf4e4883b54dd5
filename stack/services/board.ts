/**
 * The job board: `deno run -A stack/services/board.ts`, settings as JSON in the environment variable
 * STACK_SETTINGS. Serves the files of board/dist, which it builds first if they are missing or older
 * than their sources, and the configuration of this stack beside them.
 */
import { join, normalize } from "node:path";
import { contentSecurityPolicy, projectSources } from "../../board/csp.ts";
import { buildBoard } from "./board/build.ts";
import { type Running, runProgram } from "./program.ts";

export interface BoardSettings {
  port: number;
  projectDir: string;
  apiUrl: string;
  publishableKey: string;
}

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

function serveBoard({ port, projectDir, apiUrl, publishableKey }: BoardSettings): Running {
  const dist = join(projectDir, "board", "dist");
  const built = buildBoard(projectDir);
  built.catch((error) => console.error(String(error)));
  const headers = {
    "Content-Security-Policy": `${
      contentSecurityPolicy(projectSources(apiUrl))
    }; frame-ancestors 'none'`,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  };

  async function answer(request: Request): Promise<Response> {
    const path = normalize(decodeURIComponent(new URL(request.url).pathname));
    if (path === "/config.json") {
      return Response.json({ url: apiUrl, publishableKey }, { headers });
    }
    try {
      await built;
    } catch (error) {
      return new Response(`The board could not be built.\n${error}`, { status: 500, headers });
    }
    const name = path === "/" ? "/index.html" : path;
    const file = await Deno.open(join(dist, name)).catch(() => null);
    if (!file) return new Response("not found", { status: 404, headers });
    return new Response(file.readable, {
      headers: {
        ...headers,
        "Content-Type": types[name.slice(name.lastIndexOf("."))] ?? "application/octet-stream",
        "Cache-Control": name.startsWith("/assets/") ? "max-age=31536000, immutable" : "no-cache",
      },
    });
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, answer);
  return { port: server.addr.port, stop: () => server.shutdown() };
}

if (import.meta.main) await runProgram<BoardSettings>(serveBoard);
