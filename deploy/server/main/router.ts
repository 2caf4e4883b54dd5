/** What the router needs to know about where it runs. */
export interface RouterOptions {
  /** The stack's JWT secret: callers' tokens are HS256 tokens signed with it. */
  jwtSecret: string;
  /** The folder that holds one folder per function. */
  functionsDir: string;
  /** Functions that may be called without a token, as `verify_jwt = false` does on the hosted platform. */
  withoutJwt: string[];
  /** Starts the function in this folder, or finds it running, and passes the request on to it. */
  run(servicePath: string, request: Request): Promise<Response>;
}

const FUNCTION_NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,127}$/;

/** Statuses of the hosted gateway for the errors of the runtime; everything else is a 500. */
const STATUS_OF_ERROR: Record<string, number> = {
  InvalidWorkerCreation: 503,
  WorkerRequestCancelled: 546,
};

/** Answers one request to `/<function>/…` as the hosted gateway does: health, names, tokens, then the function. */
export async function route(request: Request, options: RouterOptions): Promise<Response> {
  const name = new URL(request.url).pathname.split("/")[1] ?? "";
  if (name === "_internal") return Response.json({ message: "ok" });
  if (!FUNCTION_NAME.test(name)) {
    return refuse(400, `expected a function's name in the path, found "${name}"`);
  }
  if (!await isDeployed(`${options.functionsDir}/${name}`)) {
    return refuse(404, `no function named ${name} is deployed`);
  }
  if (request.method !== "OPTIONS" && !options.withoutJwt.includes(name)) {
    const problem = await problemOfToken(request.headers.get("authorization"), options.jwtSecret);
    if (problem) return refuse(401, problem);
  }
  try {
    return await options.run(`${options.functionsDir}/${name}`, request);
  } catch (error) {
    console.error(error);
    const status = error instanceof Error ? STATUS_OF_ERROR[error.name] : undefined;
    return refuse(status ?? 500, `${name}: ${error instanceof Error ? error.message : error}`);
  }
}

function refuse(status: number, message: string): Response {
  return Response.json({ message }, { status });
}

async function isDeployed(servicePath: string): Promise<boolean> {
  try {
    return (await Deno.stat(`${servicePath}/index.ts`)).isFile;
  } catch {
    return false;
  }
}

/** Why a caller's Authorization header is no good, or null if it is. */
async function problemOfToken(header: string | null, secret: string): Promise<string | null> {
  const [, token] = header?.match(/^Bearer (\S+)$/) ?? [];
  if (!token) return "expected an Authorization header with a Bearer token";
  const [head, payload, signature, ...rest] = token.split(".");
  if (!head || !payload || !signature || rest.length) return "the token is not a JWT";
  try {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const encoder = new TextEncoder();
    const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, [
      "verify",
    ]);
    const signed = encoder.encode(`${head}.${payload}`);
    if (JSON.parse(text(head)).alg !== "HS256") return "the token is not signed with HS256";
    if (!await crypto.subtle.verify("HMAC", key, bytes(signature), signed)) {
      return "the token's signature does not match JWT_SECRET";
    }
    const { exp } = JSON.parse(text(payload));
    return typeof exp === "number" && exp <= Date.now() / 1000 ? "the token has expired" : null;
  } catch {
    return "the token is not a JWT";
  }
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  const base64 = base64url.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function text(base64url: string): string {
  return new TextDecoder().decode(bytes(base64url));
}
