// The standard library: one version everywhere, and stand-ins that do what it does.
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { deadline, delay, retry, RetryError } from "@std/async";
import { join } from "node:path";
import { offlineImports } from "../../stack/services/functions/imports.ts";
import { importMap, jsrAnswers } from "../../stack/std/jsr.ts";

const root = join(import.meta.dirname!, "..", "..");
const functionsDir = join(root, "supabase", "functions");

const importsOf = (path: string): Record<string, string> =>
  JSON.parse(Deno.readTextFileSync(path)).imports ?? {};

Deno.test("each deno.json names the same exact version of each package", () => {
  const pins = importsOf(join(root, "deno.json"));
  for (const target of Object.values(pins)) {
    assertMatch(target, /^(jsr|npm):@?[a-z-]+(\/[a-z-]+)?@\d+\.\d+\.\d+$/);
  }
  let read = 0;
  for (const folder of ["", ...[...Deno.readDirSync(functionsDir)].map(({ name }) => name)]) {
    const path = join(functionsDir, folder, "deno.json");
    if (!Deno.statSync(join(functionsDir, folder)).isDirectory || !exists(path)) continue;
    read++;
    for (const [name, target] of Object.entries(importsOf(path))) {
      assertEquals([name, target], [name, pins[name]]);
    }
  }
  assert(read >= 2, `${read} read`);
});

Deno.test("a function that imports the standard library brings its deno.json to Supabase", () => {
  for (const { name, isDirectory } of Deno.readDirSync(functionsDir)) {
    if (!isDirectory || name === "tests") continue;
    const used = sources(join(functionsDir, name)).flatMap((text) =>
      [...text.matchAll(/from "(@std\/[a-z-]+)/g)].map((match) => match[1]!)
    );
    if (name === "_shared") assertEquals(used, [], "the library needs none of it");
    if (used.length === 0) continue;
    const mapped = Object.keys(importsOf(join(functionsDir, name, "deno.json")));
    assertEquals(used.filter((one) => !mapped.includes(one)), [], name);
  }
});

Deno.test("the stand-ins stand in for every package of the standard library that is named", () => {
  const named = Object.keys(importsOf(join(root, "deno.json")));
  const known = Object.keys(importsOf(importMap));
  assertEquals(named.filter((name) => !known.includes(name)), []);
});

Deno.test("a function's own imports stay, and only what has a stand-in is replaced", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(folder, "mine"));
    await Deno.writeTextFile(
      join(folder, "mine", "deno.json"),
      JSON.stringify({
        imports: {
          "@std/async": "jsr:@std/async@1.0.15",
          "as": "jsr:/@std/assert@^1",
          "@std/csv": "jsr:@std/csv@1.0.0",
          "zod": "npm:zod@4.6.7",
          "@/": "../lib/",
        },
      }),
    );
    const [argument] = offlineImports({ functionsDir: folder, projectDir: folder, name: "mine" });
    const { imports } = JSON.parse(decodeURIComponent(argument!.split("application/json,")[1]!));
    assertEquals(imports["@std/async"], import.meta.resolve("../../stack/std/async/mod.ts"));
    assertEquals(
      imports["@std/async/retry"],
      import.meta.resolve("../../stack/std/async/retry.ts"),
    );
    assertEquals(imports["as"], import.meta.resolve("../../stack/std/assert/mod.ts"));
    assertEquals(imports["@std/csv"], "jsr:@std/csv@1.0.0");
    assertEquals(imports["zod"], "npm:zod@4.6.7");
    assertEquals(imports["@/"], `file://${folder}/lib/`);
    const none = { functionsDir: folder, projectDir: folder, name: "other" };
    assertEquals(offlineImports(none), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("JSR is asked once a run, and not for long", async () => {
  const known = Deno.env.get("STACK_JSR");
  let asked = 0;
  const hung = Promise.withResolvers<Response>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    asked++;
    const { pathname } = new URL(request.url);
    return pathname === "/hangs"
      ? hung.promise
      : new Response("{}", { status: Number(pathname.slice(1)) });
  });
  const ask = async (path: string) => {
    Deno.env.delete("STACK_JSR");
    return await jsrAnswers(`http://127.0.0.1:${server.addr.port}${path}`);
  };
  try {
    assertEquals(await ask("/503"), false);
    assertEquals(await ask("/200"), true);
    assertEquals(await jsrAnswers("http://127.0.0.1:9/never-asked"), true);
    const startedAt = Date.now();
    assertEquals(await ask("/hangs"), false);
    assert(Date.now() - startedAt < 3_000);
    assertEquals(asked, 3);
  } finally {
    hung.resolve(new Response());
    if (known) Deno.env.set("STACK_JSR", known);
    else Deno.env.delete("STACK_JSR");
    await server.shutdown();
  }
});

Deno.test("retry tries so often, with growing pauses, and says what the last try threw", async () => {
  let tries = 0;
  const startedAt = Date.now();
  const options = { maxAttempts: 3, minTimeout: 40, jitter: 0 };
  const error = await assertRejects(
    () => retry(() => Promise.reject(new Error(`no ${++tries}`)), options),
    RetryError,
  );
  assertEquals([tries, (error.cause as Error).message], [3, "no 3"]);
  const ms = Date.now() - startedAt;
  assert(ms >= 115 && ms < 1_000, `${ms} ms`);
  assertEquals(await retry(() => ++tries < 5 ? Promise.reject(tries) : tries, options), 5);
  await assertRejects(() => retry(() => 1, { minTimeout: 2, maxTimeout: 1 }));
});

Deno.test("deadline gives the promise, or up; its signal is obeyed", async () => {
  assertEquals(await deadline(Promise.resolve(1), 1_000), 1);
  const late = () => deadline(new Promise(() => {}), 20);
  const error = await assertRejects(late, DOMException);
  assertEquals(error.name, "TimeoutError");
  await assertRejects(() => deadline(Promise.reject(new Error("its own")), 20), Error, "its own");
  const stop = AbortSignal.abort(new Error("stopped"));
  await assertRejects(() => deadline(delay(10), 1_000, { signal: stop }), Error, "stopped");
  await delay(20);
});

Deno.test("assertions say what was expected and found, and are no fools", () => {
  assertThrows(() => assertEquals({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }), Error, "3");
  assertEquals({ a: [1, new Date(0), null], b: undefined }, {
    a: [1, new Date(0), null],
    b: undefined,
  });
  assertThrows(() => assertEquals<unknown>([1], { 0: 1 }));
  assertThrows(() => assert(0, "nothing"), Error, "nothing");
  assertThrows(() => assertThrows(() => 1));
  assertThrows(() => assertThrows(() => JSON.parse("{"), TypeError));
  assertThrows(() => assertThrows(() => JSON.parse("{"), SyntaxError, "not this"));
  assertThrows(() => assertMatch("a", /b/));
});

Deno.test("assertRejects tells a promise that rejects from one that does not, and from a throw", async () => {
  await assertRejects(() => assertRejects(() => Promise.resolve(1)));
  await assertRejects(() => assertRejects(() => Promise.reject(new Error("x")), TypeError));
  await assertRejects(() =>
    assertRejects(() => {
      throw new Error("at once");
    })
  );
});

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function sources(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return sources(path);
    return name.endsWith(".ts") ? [Deno.readTextFileSync(path)] : [];
  });
}
