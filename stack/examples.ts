import postgres from "postgres";
import { shortenBackOff } from "./demo.ts";
import { signIn } from "./demo_user.ts";
import { functionEntry } from "./services/functions/source.ts";
import type { Stack } from "./stack.ts";

const USER = "ada@example.com";
/** Rows of this user that the commands name. */
const FEED = "00000000-0000-4000-8000-00000000feed";
const DOCUMENT = "00000000-0000-4000-8000-00000000d0c0";
const FAILED = "00000000-0000-4000-8000-00000000fa11";

export interface Examples {
  /** One command for each example, in the order of reading. */
  commands: string[];
  stop(): Promise<void>;
}

/**
 * Makes what the examples in `functionsDir` work on: a third party that they ask, and rows of the
 * demo's user. Whoever has deleted the examples' tables is told, and nothing else happens.
 */
export async function prepareExamples(stack: Stack, functionsDir: string): Promise<Examples> {
  const thirdParty = startThirdParty();
  await prepareRows(stack, thirdParty.url).catch((error) =>
    console.log(`· the examples have nothing to work on: ${(error as Error).message}`)
  );
  const commands = exampleJobs(thirdParty.url)
    .filter(([name]) => functionEntry(functionsDir, name) !== null)
    .map(([name, body, option]) =>
      ["npm run queue --", name, `'${JSON.stringify(body)}'`, "--watch", option].filter(Boolean)
        .join(" ")
    );
  return { commands, stop: thirdParty.stop };
}

function exampleJobs(thirdParty: string): [name: string, body: unknown, option?: string][] {
  const today = new Date().toISOString().slice(0, 10);
  const file = `${thirdParty}/contacts.csv`;
  return [
    ["example-job", { hello: "world" }],
    ["send-digest", { day: today }],
    ["always-fails", {}],
    ["queue-digests", { day: today }, "--system"],
    ["poll-feed", { feedId: FEED }],
    ["tidy-jobs", { waitSeconds: 5 }],
    ["import-contacts", { url: file, chunkBytes: 2_000 }],
    ["index-document", { documentId: DOCUMENT }],
    ["nightly-cleanup", { keepDays: 30 }, "--system"],
  ];
}

async function prepareRows(stack: Stack, thirdParty: string): Promise<void> {
  const { data: { user } } = await (await signIn(stack, USER)).auth.getUser();
  if (!user) throw new Error(`${USER} is signed in and yet not known`);
  await shortenBackOff(stack.dbUrl);
  const sql = postgres(stack.dbUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`insert into public.digest_subscription (user_id) values (${user.id})
      on conflict do nothing`;
    await sql`insert into public.feed (id, user_id, url) values (${FEED}, ${user.id}, ${`${thirdParty}/feed`})
      on conflict (id) do update set url = excluded.url`;
    await sql`insert into public.document (id, user_id, content)
      values (${DOCUMENT}, ${user.id}, 'three short words') on conflict (id) do nothing`;
    await sql`insert into public.job
        (id, user_id, job_name, request_body, state, retries, last_error, finished_at)
      values (${FAILED}, ${user.id}, 'send-digest', '{"day": "2026-11-20"}', 'failed', 3,
        'no connection', now()) on conflict (id) do nothing`;
  } finally {
    await sql.end();
  }
}

/** A feed with an ETag, and a file that is served in ranges, as Storage does. */
function startThirdParty(): { url: string; stop(): Promise<void> } {
  const lines = Array.from({ length: 300 }, (_, n) => `user${n}@example.com,Name ${n}\n`);
  const file = new TextEncoder().encode(`email,name\n${lines.join("")}`);
  const serve = (request: Request): Response => {
    const { pathname } = new URL(request.url);
    if (pathname === "/feed") {
      const items = [{ id: "1", title: "First" }, { id: "2", title: "Second" }];
      return request.headers.get("If-None-Match") === '"v1"'
        ? new Response(null, { status: 304 })
        : Response.json({ items }, { headers: { ETag: '"v1"' } });
    }
    if (pathname !== "/contacts.csv") return new Response("not found", { status: 404 });
    const [, from, to] = request.headers.get("Range")?.match(/^bytes=(\d+)-(\d+)$/) ?? [];
    if (from === undefined) return new Response(file);
    if (Number(from) >= file.length) return new Response(null, { status: 416 });
    return new Response(file.slice(Number(from), Number(to) + 1), { status: 206 });
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, serve);
  return { url: `http://127.0.0.1:${server.addr.port}`, stop: () => server.shutdown() };
}
