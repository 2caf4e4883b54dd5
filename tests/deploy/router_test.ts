// The edge runtime's main service: what it lets through to the functions, over real HTTP.
import assert from "node:assert/strict";
import { route } from "../../deploy/server/main/router.ts";
import { freePort } from "./support/process.ts";

const SECRET = "super-secret-jwt-token-with-at-least-32-characters-long";

type Call = (path: string, token?: string | null, method?: string) => Promise<Response>;

function test(name: string, fn: (call: Call) => Promise<void>): void {
  Deno.test(name, async () => {
    const functionsDir = await Deno.makeTempDir({ prefix: "functions-" });
    for (const folder of ["greet", "open", "sick", "slow"]) {
      await Deno.mkdir(`${functionsDir}/${folder}`);
      await Deno.writeTextFile(`${functionsDir}/${folder}/index.ts`, "");
    }
    await Deno.mkdir(`${functionsDir}/_shared`);
    await Deno.writeTextFile(`${functionsDir}/_shared/index.ts`, "");
    const port = freePort();
    const server = Deno.serve(
      { hostname: "127.0.0.1", port, onListen() {} },
      (request) =>
        route(request, {
          jwtSecret: SECRET,
          functionsDir,
          withoutJwt: ["open"],
          run(servicePath, { url }) {
            if (servicePath.endsWith("/sick")) throw named("InvalidWorkerCreation");
            if (servicePath.endsWith("/slow")) throw named("WorkerRequestCancelled");
            return Promise.resolve(Response.json([servicePath.slice(functionsDir.length), url]));
          },
        }),
    );
    const valid = await sign({ role: "anon", exp: Date.now() / 1000 + 60 });
    try {
      await fn((path, token = valid, method = "POST") =>
        fetch(`http://127.0.0.1:${port}${path}`, {
          method,
          headers: token === null ? {} : { Authorization: `Bearer ${token}` },
        })
      );
    } finally {
      await server.shutdown();
      await Deno.remove(functionsDir, { recursive: true });
    }
  });
}

function named(name: string): Error {
  return Object.assign(new Error("no luck"), { name });
}

async function sign(payload: unknown, secret = SECRET, header: unknown = { alg: "HS256" }) {
  const encode = (value: unknown) => base64url(new TextEncoder().encode(JSON.stringify(value)));
  const signed = `${encode(header)}.${encode(payload)}`;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    algorithm,
    false,
    ["sign"],
  );
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

function base64url(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function refusal(response: Response): Promise<[number, string]> {
  return [response.status, (await response.json()).message];
}

test("a call with a valid token reaches the function of that name", async (call) => {
  const response = await call("/greet/deeper?x=1");
  assert.equal(response.status, 200);
  const [folder, url] = await response.json();
  assert.equal(folder, "/greet");
  assert.match(url, /\/greet\/deeper\?x=1$/);
});

test("calls without a token, or with one that is forged, expired, unsigned or garbage, are refused with the reason", async (call) => {
  const expired = await sign({ exp: Date.now() / 1000 - 1 });
  const forged = await sign({ role: "service_role" }, "another secret");
  const unsigned = await sign({ role: "service_role" }, SECRET, { alg: "none" });
  assert.deepEqual(await refusal(await call("/greet", null)), [
    401,
    "expected an Authorization header with a Bearer token",
  ]);
  assert.deepEqual(await refusal(await call("/greet", expired)), [401, "the token has expired"]);
  assert.deepEqual(await refusal(await call("/greet", forged)), [
    401,
    "the token's signature does not match JWT_SECRET",
  ]);
  assert.deepEqual(await refusal(await call("/greet", unsigned)), [
    401,
    "the token is not signed with HS256",
  ]);
  for (const garbage of ["x", "a.b.c", "..", "a.b.c.d"]) {
    assert.deepEqual(await refusal(await call("/greet", garbage)), [401, "the token is not a JWT"]);
  }
});

test("a function that is named as open, and a preflight request, need no token", async (call) => {
  assert.equal((await call("/open", null)).status, 200);
  assert.equal((await call("/greet", null, "OPTIONS")).status, 200);
});

test("a function that is not there, a shared folder and a path out of the folder are not served", async (call) => {
  assert.deepEqual(await refusal(await call("/absent")), [
    404,
    "no function named absent is deployed",
  ]);
  for (const path of ["/", "/_shared", "/..%2f..%2fetc", "/%2e%2e", "/gre%00et"]) {
    assert.equal((await call(path)).status, 400, path);
  }
});

test("a function that does not boot is a 503, one over its limits a 546, as on the hosted platform", async (call) => {
  assert.deepEqual(await refusal(await call("/sick")), [503, "sick: no luck"]);
  assert.deepEqual(await refusal(await call("/slow")), [546, "slow: no luck"]);
});

test("the health check needs no token", async (call) => {
  assert.equal((await call("/_internal/health", null, "GET")).status, 200);
});
