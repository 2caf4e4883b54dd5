import { unavailable } from "./functions/answers.ts";

/** Answers a browser's preflight as Supabase's gateway does. */
export function corsPreflight(request: Request): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Methods": "GET, HEAD, PUT, PATCH, POST, DELETE, OPTIONS",
      "Access-Control-Allow-Headers": request.headers.get("Access-Control-Request-Headers") ??
        "authorization, apikey, content-type, x-client-info, prefer",
      "Access-Control-Max-Age": "3600",
    },
  });
}

/** Lets a page of any origin read an answer, as Supabase's gateway does. */
export function withCors(response: Response): Response {
  const answer = new Response(response.body, response);
  answer.headers.set("Access-Control-Allow-Origin", "*");
  answer.headers.set("Access-Control-Expose-Headers", "Content-Range, Content-Profile");
  return answer;
}

/** Passes `/functions/v1/NAME…` to the functions service as `/NAME…`. */
export async function proxyToFunctions(request: Request, port: number): Promise<Response> {
  const url = new URL(request.url);
  const target = `http://127.0.0.1:${port}${
    url.pathname.slice("/functions/v1".length)
  }${url.search}`;
  const headers = new Headers(request.headers);
  headers.set("X-Forwarded-Host", url.host);
  headers.set("X-Forwarded-Proto", "http");
  try {
    const response = await fetch(target, {
      method: request.method,
      headers,
      body: request.body,
      redirect: "manual",
      signal: request.signal,
    });
    return new Response(response.body, response);
  } catch (error) {
    if (request.signal.aborted) throw error;
    return unavailable();
  }
}
