// The commands of the local stack, on a copy of the project as a fresh clone has it.
import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { startTemporaryDatabase } from "../support/temporary.ts";
import { type Clone, cloneProject } from "./support/clone.ts";

let clone: Clone;

Deno.test.beforeAll(async () => {
  clone = await cloneProject();
});

Deno.test.afterAll(async () => {
  await clone.run("reset");
  const left = clone.processes();
  await clone.remove();
  assert.deepEqual(left, []);
});

Deno.test("start --once runs the demo and ends with 0; nothing runs or listens afterwards", async () => {
  const { code, output } = await clone.run("start", "--once");
  assert.equal(code, 0, output);
  assert.match(output, /All 15 jobs ended as expected/);
  assert.match(output, /always-fails .* failed .* 3 .* on purpose/);
  await assertNothingLeft();
});

Deno.test("start keeps its data, refuses a second start, and ends on Ctrl-C with nothing left", async () => {
  const { child, output } = clone.spawn("start", "--no-demo");
  await until(() => output().includes("Ctrl-C stops everything"), output);
  assert.doesNotMatch(output(), /applying/, "the migrations of the first start are still there");
  assert.match(output(), new RegExp(`API URL +http://127.0.0.1:${clone.ports.api}`));

  const second = await clone.run("start");
  assert.equal(second.code, 1);
  assert.match(second.output, new RegExp(`runs already \\(pid ${child.pid}`));
  const status = await clone.run("status");
  assert.equal(status.code, 0);
  assert.match(status.output, /database +up[\s\S]*API +up[\s\S]*dashboard +up/);

  child.kill("SIGINT");
  assert.equal((await child.status).code, 0, output());
  await assertNothingLeft();
  assert.equal((await clone.run("status")).code, 1);
});

Deno.test("start prints a command for each example, and each of them works", async () => {
  const { child, output } = clone.spawn("start", "--no-demo");
  await until(() => output().includes("Ctrl-C stops everything"), output);
  const printed = [...output().matchAll(/npm run queue -- (\S+) '(.*)' (--watch.*)$/gm)];
  const folders = [...Deno.readDirSync(`${clone.folder}/supabase/functions`)]
    .filter(({ name, isDirectory }) => isDirectory && /^[a-z]/.test(name) && name !== "tests");
  assert.deepEqual(printed.map(([, name]) => name).sort(), folders.map(({ name }) => name).sort());

  const ends: Record<string, RegExp> = {
    "always-fails": /^failed after 3 failed tries/m,
    "poll-feed": /^completed 2$/m,
    "tidy-jobs": /^completed {"failed":\d,"retried":1,/m,
  };
  await Promise.all(printed.map(async ([, name, body, options]) => {
    const { code, output } = await clone.runScript(
      "queue.ts",
      name!,
      body!,
      ...options!.split(" "),
    );
    assert.equal(code, name === "always-fails" ? 1 : 0, output);
    assert.match(output, new RegExp(`queued ${name} [0-9a-f-]{36}\n`));
    assert.match(output, ends[name!] ?? /^completed/m);
  }));
  const other = await clone.runScript(
    "queue.ts",
    "send-digest",
    '{"day":"2026-11-24"}',
    "-u",
    "new@example.com",
  );
  assert.equal(other.code, 0, other.output);

  child.kill("SIGINT");
  assert.equal((await child.status).code, 0, output());
  await assertNothingLeft();
});

Deno.test("npm run queue says what is wrong with what it was told, or that nothing runs", async () => {
  for (
    const [args, code, reason] of [
      [[], 2, /npm run queue -- NAME/],
      [["--help"], 0, /npm run queue -- NAME/],
      [["send-digest", "{day: 1}"], 1, /expected BODY as JSON, found \{day: 1\}.*single quotes/],
      [["send-digst"], 1, /there is no function "send-digst".*send-digest/],
      [["send-digest", '{"day":"1 May"}'], 1, /^refused: .* body\.day: Invalid ISO date/],
      [["send-digest", "{}", "{}"], 1, /put BODY in quotes/],
      [["send-digest", "--system", "--user", "a@example.com"], 1, /found both/],
      [["send-digest", '{"day":"2026-11-24"}'], 1, /does not run: npm start starts it/],
    ] as const
  ) {
    const result = await clone.runScript("queue.ts", ...args);
    assert.equal(result.code, code, result.output);
    assert.match(result.output, reason);
  }
});

Deno.test("stop ends a running stack", async () => {
  const { child, output } = clone.spawn("start", "--no-demo");
  await until(() => output().includes("Ctrl-C stops everything"), output);
  const stopped = await clone.run("stop");
  assert.equal(stopped.code, 0);
  assert.match(stopped.output, new RegExp(`stopped \\(pid ${child.pid}\\)`));
  assert.equal((await child.status).code, 0);
  await assertNothingLeft();
});

Deno.test("a stack that is killed leaves nothing that the next start cannot take over", async () => {
  const { child, output } = clone.spawn("start", "--no-demo");
  await until(() => output().includes("Ctrl-C stops everything"), output);
  child.kill("SIGKILL");
  await child.status;
  const again = clone.spawn("start", "--no-demo");
  await until(() => again.output().includes("Ctrl-C stops everything"), again.output);
  again.child.kill("SIGTERM");
  assert.equal((await again.child.status).code, 0, again.output());
  await assertNothingLeft();
});

Deno.test("stop also works after a kill", async () => {
  const { child, output } = clone.spawn("start", "--no-demo");
  await until(() => output().includes("Ctrl-C stops everything"), output);
  child.kill("SIGKILL");
  await child.status;
  const stopped = await clone.run("stop");
  assert.equal(stopped.code, 0, stopped.output);
  await assertNothingLeft();
});

Deno.test("start --database-url uses that Postgres, and starts none of its own", async () => {
  const database = await startTemporaryDatabase({ workers: true });
  try {
    const { code, output } = await clone.run("start", "--once", "--database-url", database.url);
    assert.equal(code, 0, output);
    assert.doesNotMatch(output, /starting Postgres/);
    assert.match(output, /All 15 jobs ended as expected/);
  } finally {
    await database.stop();
  }
  await assertNothingLeft();
});

Deno.test("a busy port is an error that names it", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(clone.ports.api, "127.0.0.1", resolve));
  try {
    const { code, output } = await clone.run("start", "--once");
    assert.equal(code, 1);
    assert.match(output, new RegExp(`Port ${clone.ports.api} is taken`));
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
  await assertNothingLeft();
});

Deno.test("data of another version is refused with the command that resets it", async () => {
  await Deno.writeTextFile(`${clone.folder}/.stack/db/format`, "0");
  const { code, output } = await clone.run("start", "--once");
  assert.equal(code, 1);
  assert.match(output, /npm run reset/);
  const reset = await clone.run("reset");
  assert.equal(reset.code, 0, reset.output);
  assert.match(reset.output, /deleting/);
  await assert.rejects(Deno.stat(`${clone.folder}/.stack`), Deno.errors.NotFound);
});

async function assertNothingLeft(): Promise<void> {
  assert.deepEqual(clone.processes(), []);
  for (const [name, port] of Object.entries(clone.ports)) {
    assert.equal(await listens(port), false, `something listens on the ${name} port ${port}`);
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function until(is: () => boolean, output: () => string, seconds = 60): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!is()) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s; it printed:\n${output()}`);
    await delay(50);
  }
}
