// What pg_net must do for this project.
import { deepStrictEqual as equal, match, ok } from "node:assert";
import { connect, createExtensions, delay, eventually, refusal, test } from "./support.ts";

interface Response {
  id: string;
  status_code: number | null;
  content_type: string | null;
  headers: Record<string, string> | null;
  content: string | null;
  timed_out: boolean | null;
  error_msg: string | null;
  created: Date;
}

interface Received {
  method: string;
  path: string;
  headers: Headers;
  body: string;
}

const sql = connect();
const received: Received[] = [];
let inFlight = 0;
let mostInFlight = 0;

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
const base = `http://127.0.0.1:${server.addr.port}`;

async function answer(request: Request): Promise<globalThis.Response> {
  const url = new URL(request.url);
  mostInFlight = Math.max(mostInFlight, ++inFlight);
  received.push({
    method: request.method,
    path: url.pathname + url.search,
    headers: request.headers,
    body: await request.text(),
  });
  await delay(Number(url.searchParams.get("wait") ?? 0));
  inFlight--;
  if (url.pathname === "/redirect") {
    return new Response(null, { status: 302, headers: { location: "/landed" } });
  }
  if (url.pathname === "/empty") return new Response(null, { status: 204 });
  return Response.json({ path: url.pathname }, {
    status: Number(url.searchParams.get("status") ?? 200),
    headers: { "x-job": "true", "x-correlation-id": "abc" },
  });
}

async function post(path: string, timeout = 5000): Promise<string> {
  const [{ id }] = await sql<[{ id: string }]>`
    select net.http_post(url := ${base + path}, timeout_milliseconds := ${timeout}) as id`;
  return id;
}

async function response(id: string): Promise<Response> {
  return await eventually(`a response to request ${id}`, async () => {
    const [row] = await sql<Response[]>`select * from net._http_response where id = ${id}`;
    return row;
  });
}

function requestsTo(path: string): Received[] {
  return received.filter((request) => request.path.startsWith(path));
}

function closedPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

/** Until the worker has nothing to do and its pause is over. */
async function idle(): Promise<void> {
  await eventually("an empty queue", async () => {
    return (await sql`select from net.http_request_queue limit 1`).length === 0;
  });
  await delay(2500);
}

Deno.test.beforeAll(async () => {
  await createExtensions(sql);
});

Deno.test.afterAll(async () => {
  await server.shutdown();
  await sql.end();
});

test("net: the worker is up, and says so", async () => {
  await sql`select net.wait_until_running()`;
  await sql`select net.check_worker_is_up()`;
});

test("net: a request is sent when its transaction commits, not before", async () => {
  await sql.begin(async (transaction) => {
    await transaction`select net.http_get(${base + "/committed"})`;
    await delay(1500);
    equal(requestsTo("/committed").length, 0);
  });
  await eventually("the request", async () => await requestsTo("/committed")[0]);
});

test("net: a transaction that rolls back sends nothing", async () => {
  await sql.begin(async (transaction) => {
    await transaction`select net.http_get(${base + "/rolled-back"})`;
    throw new Error("roll back");
  }).catch(() => {});
  await response(await post("/after-rollback"));
  equal(requestsTo("/rolled-back").length, 0);
});

test("net: an idle worker sends within half a second of the commit", async () => {
  await idle();
  const started = performance.now();
  await post("/prompt");
  await eventually("the request", async () => await requestsTo("/prompt")[0]);
  const milliseconds = performance.now() - started;
  ok(milliseconds < 500, `took ${milliseconds} ms`);
});

test("net: http_post sends its body, headers and encoded parameters", async () => {
  const [{ id }] = await sql<[{ id: string }]>`
          select net.http_post(
            url := ${base + "/post"},
            body := '{"a": [1, "ü"]}'::jsonb,
            params := '{"one two": "ä&="}'::jsonb,
            headers := '{"Content-Type": "application/json", "X-Job": "true"}'::jsonb
          ) as id`;
  await response(id);
  const [request] = requestsTo("/post");
  equal(request?.method, "POST");
  equal(request?.path, "/post?one%20two=%C3%A4%26%3D");
  equal(JSON.parse(request!.body), { a: [1, "ü"] });
  equal(request?.headers.get("content-type"), "application/json");
  equal(request?.headers.get("x-job"), "true");
  match(request!.headers.get("user-agent")!, /^pg_net\//);
});

test("net: http_post adds the content type and refuses any but JSON", async () => {
  const [{ id }] = await sql<[{ id: string }]>`
          select net.http_post(url := ${base + "/typed"}, headers := '{"X-A": "b"}') as id`;
  await response(id);
  equal(requestsTo("/typed")[0]?.headers.get("content-type"), "application/json");
  equal(
    await refusal(
      sql`select net.http_post(url := ${base}, headers := '{"content-type": "text/plain"}')`,
    ),
    "P0001",
  );
});

test("net: http_get and http_delete use their method", async () => {
  await sql`select net.http_get(${base + "/get"}, '{"q": "1"}')`;
  const [{ id }] = await sql<[{ id: string }]>`
          select net.http_delete(${base + "/delete"}, body := '{"b": 2}') as id`;
  await response(id);
  equal(requestsTo("/get").map(({ method, path }) => [method, path]), [["GET", "/get?q=1"]]);
  equal(requestsTo("/delete").map(({ method, body }) => [method, JSON.parse(body)]), [
    ["DELETE", { b: 2 }],
  ]);
});

test("net: a response keeps status, headers, content type and content", async () => {
  const row = await response(await post("/kept?status=418"));
  equal(row.status_code, 418);
  match(row.content_type!, /^application\/json/);
  equal(JSON.parse(row.content!), { path: "/kept" });
  const headers = Object.entries(row.headers!).map(([name, value]) => [
    name.toLowerCase(),
    value,
  ]);
  equal(Object.fromEntries(headers)["x-job"], "true");
  equal(Object.fromEntries(headers)["x-correlation-id"], "abc");
  equal([row.timed_out, row.error_msg], [false, null]);
});

test("net: an answer without a body has null content", async () => {
  const row = await response(await post("/empty"));
  equal([row.status_code, row.content], [204, null]);
});

test("net: a time-out has no status and no headers, and is marked", async () => {
  const row = await response(await post("/slow?wait=1500", 300));
  equal([row.status_code, row.headers, row.content], [null, null, null]);
  equal(row.timed_out, true);
  match(row.error_msg!, /timeout|timed out/i);
});

test("net: a refused connection has no status and no headers, but a message", async () => {
  const [{ id }] = await sql<[{ id: string }]>`
          select net.http_post(url := ${`http://127.0.0.1:${closedPort()}/nobody`}) as id`;
  const row = await response(id);
  equal([row.status_code, row.headers, row.timed_out], [null, null, false]);
  match(row.error_msg!, /connect/i);
});

test("net: redirects are followed", async () => {
  const [{ id }] = await sql<[{ id: string }]>`select net.http_get(${base + "/redirect"}) as id`;
  const row = await response(id);
  equal([row.status_code, JSON.parse(row.content!).path], [200, "/landed"]);
});

test("net: responses of one batch appear together, when the slowest is done", async () => {
  await idle();
  const ids = await sql.begin(async (transaction) => {
    const [{ fast }] = await transaction<[{ fast: string }]>`
            select net.http_get(${base + "/batch-fast"}) as fast`;
    const [{ slow }] = await transaction<[{ slow: string }]>`
            select net.http_get(${base + "/batch-slow?wait=2000"}) as slow`;
    return { fast, slow };
  });
  await eventually("the fast one", async () => await requestsTo("/batch-fast")[0]);
  await delay(1000);
  const early = await sql`select from net._http_response where id = ${ids.fast}`;
  equal(early.length, 0);
  const [fast, slow] = [await response(ids.fast), await response(ids.slow)];
  equal(fast.created.getTime(), slow.created.getTime());
});

test("net: a request queued during a batch waits for its slowest", async () => {
  await idle();
  await post("/first-slow?wait=2000");
  await eventually("the slow one", async () => await requestsTo("/first-slow")[0]);
  const started = performance.now();
  await post("/queued-behind");
  await eventually("the second", async () => await requestsTo("/queued-behind")[0]);
  const milliseconds = performance.now() - started;
  ok(milliseconds > 1500, `was sent after ${milliseconds} ms`);
});

test("net: a batch is at most 200 requests, all under way at once", async () => {
  await idle();
  mostInFlight = 0;
  await sql`
          select net.http_get(${base + "/many?wait=500&n="} || n) from generate_series(1, 230) n`;
  await eventually("all of them", async () => await requestsTo("/many").length === 230);
  ok(mostInFlight > 100 && mostInFlight <= 200, `${mostInFlight} at once`);
});

test("net: under a steady load there is about one batch a second", async () => {
  await idle();
  const ids: string[] = [];
  for (let n = 0; n < 40; n++) {
    ids.push(await post("/steady"));
    await delay(100);
  }
  await response(ids.at(-1)!);
  const [{ batches }] = await sql<[{ batches: number }]>`
          select count(distinct created)::int as batches from net._http_response
          where id >= ${ids[0]!} and id <= ${ids.at(-1)!}`;
  ok(batches >= 3 && batches <= 7, `${batches} batches in 4 s`);
});

test("net: a restart of the worker loses no queued request", async () => {
  await sql`select net.worker_restart()`;
  const ids = [await post("/restarted?n=1"), await post("/restarted?n=2")];
  for (const id of ids) equal((await response(id)).status_code, 200);
});

test("net: both tables are unlogged, and open to every role", async () => {
  const tables = await sql`
          select relname::text, relpersistence::text,
            has_table_privilege('anon', oid, 'select, insert, update, delete') as open
          from pg_class
          where oid in ('net.http_request_queue'::regclass, 'net._http_response'::regclass)
          order by relname`;
  equal([...tables], [
    { relname: "_http_response", relpersistence: "u", open: true },
    { relname: "http_request_queue", relpersistence: "u", open: true },
  ]);
});

test("net: postgres may lock and delete responses", async () => {
  const { id } = await response(await post("/deleted"));
  await sql.begin(async (transaction) => {
    await transaction`select from net._http_response where id = ${id} for update skip locked`;
    const deleted = await transaction`delete from net._http_response where id = ${id}`;
    equal(deleted.count, 1);
  });
});
