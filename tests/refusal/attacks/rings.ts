// Calls of a function that look like the engine's, tokens of one's own making, and a stranger's answers.
import { SignJWT } from "jose";
import { setTimeout as pause } from "node:timers/promises";
import type { Attack } from "../attack.ts";
import type { Actor, World } from "../world.ts";

const THEME = "Made-up rings";
const FUNCTION = "/functions/v1/send-digest";

interface Ring {
  who: Actor | "nobody";
  what: string;
  expect: Attack["expect"];
  headers(world: World): Record<string, string>;
  method?: string;
  path?: string;
}

const made = ({ jobs }: World) => ({
  "X-Job": "true",
  "X-Correlation-ID": jobs.runs,
  "X-Job-Attempt": "1",
  "X-Job-Token": crypto.randomUUID(),
});

const ANYBODY: Actor[] = ["anon", "ada", "bob", "service_role"];

const RINGS: Ring[] = [
  {
    who: "nobody",
    what: "no token at all",
    expect: { status: 401 },
    headers: (world) => ({ ...made(world), Authorization: "" }),
  },
  ...ANYBODY.flatMap((who): Ring[] => [
    { who, what: "a guessed job token", expect: { status: 401 }, headers: made },
    {
      who,
      what: "no job token",
      expect: { status: 401 },
      headers: ({ jobs }) => ({ "X-Job": "true", "X-Correlation-ID": jobs.runs }),
    },
    { who, what: "no X-Job headers", expect: { status: 400 }, headers: () => ({}) },
    {
      who,
      what: "X-Correlation-ID that is SQL",
      expect: { status: 400 },
      headers: (world) => ({ ...made(world), "X-Correlation-ID": "'; drop table job; --" }),
    },
  ]),
  {
    who: "ada",
    what: "her running job's own token, replayed",
    expect: { status: 401 },
    headers: (world) => ({ ...made(world), "X-Job-Token": world.tokens.runs }),
  },
  {
    who: "bob",
    what: "his token for ada's job",
    expect: { status: 401 },
    headers: (world) => ({ ...made(world), "X-Job-Token": world.tokens.bobs }),
  },
  {
    who: "ada",
    what: "the token of an ended attempt",
    expect: { status: 401 },
    headers: (world) => ({
      ...made(world),
      "X-Correlation-ID": world.jobs.failed,
      "X-Job-Token": world.tokens.ended,
    }),
  },
  { who: "ada", what: "by GET", expect: { status: 405 }, headers: made, method: "GET" },
  {
    who: "ada",
    what: "to a name that is no function",
    expect: { status: 404 },
    headers: made,
    path: "/functions/v1/_shared",
  },
  {
    who: "ada",
    what: "to a path upwards",
    expect: { status: 404 },
    headers: made,
    path: "/functions/v1/%2e%2e%2frest",
  },
];

const rings: Attack[] = RINGS.map(({ who, what, expect, headers, method, path }) => ({
  theme: THEME,
  who,
  what,
  expect,
  attempt: (world) => {
    const actor = who === "nobody" ? "anon" : who;
    // The gateway wants a token of everybody; anon's is its key.
    const authorization: Record<string, string> = actor === "anon" && who !== "nobody"
      ? { Authorization: `Bearer ${world.target.anonKey}` }
      : {};
    return world.request(actor, path ?? FUNCTION, {
      method,
      body: {},
      headers: { ...authorization, ...headers(world) },
    });
  },
}));

/** Tokens that the project did not sign, or not for now. */
const forged: Attack[] = ([
  ["signed with another secret", (world) => sign(world, { secret: "x".repeat(40) })],
  ["that has expired", (world) => sign(world, { expires: -60 })],
  ["of the algorithm none", (world) => Promise.resolve(unsigned(world))],
  [
    "of a service role, signed with the anon key",
    (world) => sign(world, { secret: world.target.anonKey, role: "service_role" }),
  ],
] as [string, (world: World) => Promise<string>][]).flatMap(([what, token]) =>
  ["/rest/v1/job", FUNCTION].map((path): Attack => ({
    theme: "Forged access tokens",
    who: "bob",
    what: `${path.startsWith("/rest") ? "read jobs" : "call a function"} with ada's token ${what}`,
    expect: { status: 401 },
    attempt: async (world) =>
      await world.request("anon", path, {
        method: path === FUNCTION ? "POST" : "GET",
        body: path === FUNCTION ? {} : undefined,
        headers: { ...made(world), Authorization: `Bearer ${await token(world)}` },
      }),
  }))
);

function sign(
  { target, ada }: World,
  { secret = target.jwtSecret, expires = 3600, role = "authenticated" },
): Promise<string> {
  return new SignJWT({ role, aud: "authenticated", sub: ada.id })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime(Math.floor(Date.now() / 1000) + expires)
    .sign(new TextEncoder().encode(secret));
}

function unsigned({ ada }: World): string {
  const part = (value: unknown) => btoa(JSON.stringify(value)).replace(/=+$/, "");
  return `${part({ alg: "none", typ: "JWT" })}.${
    part({ sub: ada.id, role: "authenticated", exp: 4e9 })
  }.`;
}

/** A webhook whose server answers with the headers of a job of ada. */
const answers: Attack[] = [204, 500].map((status) => ({
  theme: "A stranger's answers",
  who: "a stranger's server",
  what: `answers a webhook with ${status} and the headers of ada's running job`,
  expect: { status },
  async attempt({ sql, jobs }) {
    const headers = { "X-Job": "true", "X-Correlation-ID": jobs.runs, "X-Job-Retry": "never" };
    const answer = () => new Response(null, { status, headers });
    const called = Promise.withResolvers<void>();
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
      called.resolve();
      return answer();
    });
    const url = `http://127.0.0.1:${server.addr.port}/`;
    const [row] = await sql`select net.http_post(${url}) as id`;
    await called.promise;
    for (let tries = 0; tries < 100; tries++) {
      const found = await sql`select from net._http_response where id = ${row!.id}`;
      if (found.length > 0) break;
      await pause(50);
    }
    await sql`select private.process_jobs()`;
    const kept = await sql`delete from net._http_response where id = ${row!.id} returning id`;
    await server.shutdown();
    if (kept.length !== 1) return new Response("the engine took the stranger's answer away");
    return answer();
  },
}));

export const madeUp: Attack[] = [...rings, ...forged, ...answers];
