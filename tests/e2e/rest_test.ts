// What the project relies on from REST and Auth: rpc, errors, roles, as PostgREST and Auth have them.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { clientOf, must, newUser, openDatabase, projectUnderTest } from "./support/project.ts";

const project = projectUnderTest();
const FUNCTIONS = `
  create function public.rest_echo(_value jsonb default '{"by": "default"}', _times int default 3)
    returns jsonb language sql as $$
      select jsonb_build_object('value', _value, 'type', jsonb_typeof(_value), 'times', _times) $$;
  create function public.rest_set() returns setof uuid language sql as $$
    select gen_random_uuid() from generate_series(1, 2) $$;
  create function public.rest_nothing() returns void language sql as $$ select null $$;
  create function public.rest_refuse(_code text) returns jsonb language plpgsql as $$ begin
    raise exception using errcode = _code, message = 'refused', detail = 'why', hint = 'try this'; end $$;
  create function public.rest_role() returns text language sql as $$
    select concat_ws(' ', current_user, auth.role(), current_setting('statement_timeout')) $$;
  grant execute on function public.rest_echo, public.rest_set, public.rest_nothing, public.rest_refuse,
    public.rest_role to anon, authenticated, service_role;`;
const DROP = `drop function if exists public.rest_echo, public.rest_set, public.rest_nothing,
  public.rest_refuse, public.rest_role`;

let database: ReturnType<typeof openDatabase>;
const anyone = clientOf(project);

Deno.test.beforeAll(async () => {
  database = openDatabase(project);
  await database.sql.unsafe(DROP);
  await database.sql.unsafe(FUNCTIONS).simple();
  for (let tries = 0; tries < 50; tries++) {
    if (!(await anyone.rpc("rest_role")).error) return;
    await delay(100);
  }
  throw new Error("REST does not know the new functions after 5 s");
});

Deno.test.afterAll(async () => {
  await database.sql.unsafe(DROP);
  await database.close();
});

Deno.test("rpc: arguments left out take their defaults", async () => {
  assert.deepEqual(await must(anyone.rpc("rest_echo")), {
    value: { by: "default" },
    type: "object",
    times: 3,
  });
  assert.deepEqual(await must(anyone.rpc("rest_echo", { _times: 1 })), {
    value: { by: "default" },
    type: "object",
    times: 1,
  });
});

Deno.test("rpc: a jsonb argument arrives as what it is", async () => {
  const values = [
    { a: [1, { b: "x" }] },
    [1, "two"],
    "text",
    "5",
    "null",
    5,
    true,
    'with "quotes"',
  ];
  for (const value of values) {
    const answer = await must(anyone.rpc("rest_echo", { _value: value }));
    assert.deepEqual(answer.value, value);
    assert.equal(answer.type, Array.isArray(value) ? "array" : typeof value);
  }
});

Deno.test("rpc: a set is an array, void is no content", async () => {
  assert.equal((await must(anyone.rpc("rest_set")) as string[]).length, 2);
  const { status, data } = await anyone.rpc("rest_nothing");
  assert.equal(status, 204);
  assert.equal(data, null);
});

Deno.test("rpc: an error keeps its SQLSTATE, message, detail and hint, with PostgREST's status", async () => {
  const statuses = {
    JQ401: 400,
    P0001: 400,
    "22023": 400,
    "23505": 409,
    "57014": 500,
    "42501": 401,
  };
  for (const [code, expected] of Object.entries(statuses)) {
    const { error, status } = await anyone.rpc("rest_refuse", { _code: code });
    assert.equal(status, expected, code);
    assert.deepEqual(
      { code: error?.code, message: error?.message, details: error?.details, hint: error?.hint },
      { code, message: "refused", details: "why", hint: "try this" },
    );
  }
});

Deno.test("rpc: a function that does not exist is PGRST202, a table PGRST205", async () => {
  assert.equal((await anyone.rpc("rest_unknown")).error?.code, "PGRST202");
  assert.equal((await anyone.from("rest_unknown").select()).error?.code, "PGRST205");
});

Deno.test("roles: each caller works as their own role, with its time-out", async () => {
  assert.equal(await must(anyone.rpc("rest_role")), "anon anon 3s");
  const user = await newUser(project);
  assert.equal(await must(user.client.rpc("rest_role")), "authenticated authenticated 8s");
  await database.sql`delete from auth.users where id = ${user.id}`.catch(() => {});
});

Deno.test("keys: none, a wrong one, and a wrong token are 401", async () => {
  const call = (headers: Record<string, string>) =>
    fetch(`${project.apiUrl}/rest/v1/rpc/rest_role`, { method: "POST", headers, body: "{}" });
  const wrong = [
    {},
    { apikey: "wrong" },
    { apikey: project.anonKey, Authorization: "Bearer wrong" },
    { apikey: project.anonKey, Authorization: `Bearer ${project.anonKey}x` },
  ] as Record<string, string>[];
  for (const headers of wrong) {
    const response = await call({ "Content-Type": "application/json", ...headers });
    assert.equal(response.status, 401, JSON.stringify(headers));
    await response.body?.cancel();
  }
});

Deno.test("a browser may call from any origin", async () => {
  const response = await fetch(`${project.apiUrl}/rest/v1/rpc/rest_role`, {
    method: "OPTIONS",
    headers: {
      "Origin": "http://example.com",
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "apikey,authorization",
    },
  });
  assert.ok(response.ok);
  assert.equal(response.headers.get("Access-Control-Allow-Origin"), "*");
  assert.match(response.headers.get("Access-Control-Allow-Headers") ?? "", /apikey/);
  await response.body?.cancel();
});
