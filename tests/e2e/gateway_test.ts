import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { type Stack, startStack } from "../../stack/stack.ts";
import { type Reports, startReports } from "./support/reports.ts";
import { gatewayFunctions, writeFunctions } from "./support/gateway_functions.ts";

const limits = { boot: 3, idle: 3, wallClock: 4, cpu: 1 };
let stack: Stack;
let reports: Reports;
let folder: string;

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir();
  await Deno.chmod(folder, 0o755);
  await writeFunctions(`${folder}/functions`);
  reports = startReports();
  stack = await startStack({
    dataDir: `${folder}/data`,
    functionsDir: `${folder}/functions`,
    ports: "free",
    migrate: false,
    fsync: false,
    quiet: true,
    limits,
    secrets: { REPORT_URL: reports.url },
    verifyJwt: { curious: false },
  });
});

Deno.test.afterAll(async () => {
  const pids = (await stack.functionProcesses()).map(({ pid }) => pid);
  await stack.stop();
  await reports.stop();
  await Deno.remove(folder, { recursive: true });
  for (const pid of pids) assert.equal(isAlive(pid), false, `process ${pid} outlives the stack`);
});

Deno.test("a function that is not deployed is a 404 of the gateway", async () => {
  for (const name of ["unknown", "_shared", "1st"]) {
    const response = await call(name);
    await assertGatewayAnswer(response, 404, {
      code: "NOT_FOUND",
      message: "Requested function was not found",
    });
  }
});

Deno.test("a call without a token, or with a wrong one, does not reach the function", async () => {
  await assertGatewayAnswer(await call("echo", { token: null }), 401, {
    code: 401,
    message: "Missing authorization header",
  });
  await assertGatewayAnswer(await call("echo", { token: "a.b.c" }), 401, {
    code: 401,
    message: "Invalid JWT",
  });
});

Deno.test("verify_jwt = false lets a call without a token in", async () => {
  const response = await call("curious", { token: null });
  assert.equal(response.status, 200);
  await response.body?.cancel();
});

Deno.test("a function sees path, method, body and headers, and Supabase's environment", async () => {
  const response = await call("echo", { path: "/more?x=1", body: "hello" });
  assert.equal(response.headers.get("X-Job"), "true");
  const seen = await response.json();
  assert.equal(seen.path, "/echo/more");
  assert.equal(seen.method, "POST");
  assert.equal(seen.body, "hello");
  assert.equal(seen.seen, "yes");
  for (
    const name of [
      "SUPABASE_URL",
      "SUPABASE_ANON_KEY",
      "SUPABASE_SERVICE_ROLE_KEY",
      "SUPABASE_DB_URL",
      "SUPABASE_PUBLISHABLE_KEYS",
      "SUPABASE_SECRET_KEYS",
    ]
  ) assert.ok(seen.env.includes(name), `${name} is missing`);
  assert.ok(!seen.env.includes("PATH"), "the machine's environment is not the function's");
});

Deno.test("a function may use the network, but not write files, run programs or read the machine", async () => {
  const answers = await (await call("curious")).json();
  assert.deepEqual(answers, ["write: NotCapable", "run: NotCapable", "read: NotCapable"]);
});

Deno.test("export default { fetch } is served", async () => {
  const response = await call("default-export");
  assert.equal(await response.text(), "from the default export");
});

Deno.test("a function that cannot be loaded, or never listens, is a 503", async () => {
  const bootError = { code: "BOOT_ERROR", message: "Function failed to start (please check logs)" };
  await assertGatewayAnswer(await call("boots-not"), 503, bootError);
  const log = await Deno.readTextFile(`${stack.logDir}/functions/boots-not.log`);
  assert.match(log, /the module cannot be loaded/);
  const response = await call("listens-never");
  assert.equal(response.status, 503);
  assert.equal((await response.json()).code, "BOOT_ERROR");
});

Deno.test("a function that does not answer is a 504 after the idle limit", async () => {
  const began = Date.now();
  const response = await call("silent");
  await assertGatewayAnswer(response, 504, {
    code: "IDLE_TIMEOUT",
    message: "Request idle timeout limit (3s) reached",
  });
  const seconds = (Date.now() - began) / 1000;
  assert.ok(seconds >= 3 && seconds < 5, `it took ${seconds} s`);
});

Deno.test("a request in flight when the wall clock runs out is a 546", async () => {
  await edit("silent");
  await (await call("silent", { method: "GET" })).body?.cancel();
  await delay(1500);
  await assertGatewayAnswer(await call("silent"), 546, {
    code: "WORKER_LIMIT",
    message: "Function failed due to not having enough compute resources (please check logs)",
  });
});

Deno.test("a request that uses up the CPU limit is a 546", async () => {
  const began = Date.now();
  const response = await call("busy");
  assert.equal(response.status, 546);
  assert.equal((await response.json()).code, "WORKER_LIMIT");
  const seconds = (Date.now() - began) / 1000;
  assert.ok(seconds < 2.9, `it took ${seconds} s: not the CPU limit ended it`);
});

Deno.test("kill -9 of a function's process: its request is a 546, the next one is served", async () => {
  await edit("silent");
  await (await call("silent", { method: "GET" })).body?.cancel();
  const hanging = call("silent");
  await delay(300);
  const [before] = await processesOf("silent");
  Deno.kill(before!.pid, "SIGKILL");
  assert.equal((await hanging).status, 546);
  await (await hanging).body?.cancel();
  const response = await call("silent", { method: "GET" });
  assert.equal(await response.text(), "up");
  const after = await processesOf("silent");
  assert.ok(after.every(({ pid }) => pid !== before!.pid));
});

Deno.test("waitUntil works on after the answer; beforeunload comes at 90 % with its reason", async () => {
  const { pid } = await (await call("works-on", { body: "0.5" })).json();
  await reports.until("worked for 0.5", 2000);
  const same = await (await call("works-on", { body: "30" })).json();
  assert.equal(same.pid, pid);
  await delay(limits.wallClock * 500);
  const other = await (await call("works-on", { body: "0.1" })).json();
  assert.notEqual(other.pid, pid, "after half of its wall clock a process takes no new request");
  await reports.until("unload wall_clock", 3000);
  await delay(1000);
  assert.equal(isAlive(pid), false);
  assert.ok(!reports.received.includes("worked for 30"));
});

Deno.test("an edited function is the new one from the next request on", async () => {
  await Deno.writeTextFile(
    `${folder}/functions/default-export/index.ts`,
    `export default { fetch: () => new Response("edited") };`,
  );
  assert.equal(await (await call("default-export")).text(), "edited");
});

Deno.test("while the functions service is down the gateway answers 503, afterwards as before", async () => {
  const { functions } = stack.processes;
  functions.setAutoRestart(false);
  functions.kill("SIGKILL");
  await delay(200);
  const response = await call("default-export");
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("X-Job"), null);
  await response.body?.cancel();
  await functions.restart();
  functions.setAutoRestart(true);
  assert.equal(await (await call("default-export")).text(), "edited");
});

interface Call {
  token?: string | null;
  method?: string;
  body?: string;
  path?: string;
}

/** A call as pg_net makes it: with X-Job headers, which must not come back from the gateway. */
function call(name: string, options: Call = {}): Promise<Response> {
  const { token = stack.anonKey, method = "POST", body = "{}", path = "" } = options;
  const headers = new Headers({
    "Content-Type": "application/json",
    "X-Job": "true",
    "X-Correlation-ID": crypto.randomUUID(),
    "X-Seen": "yes",
  });
  if (token) headers.set("Authorization", `Bearer ${token}`);
  return fetch(`${stack.apiUrl}/functions/v1/${name}${path}`, {
    method,
    headers,
    body: method === "GET" ? undefined : body,
  });
}

async function assertGatewayAnswer(response: Response, status: number, body: unknown) {
  assert.deepEqual(await response.json(), body);
  assert.equal(response.status, status);
  assert.equal(response.headers.get("X-Job"), null);
  assert.equal(response.headers.get("X-Correlation-ID"), null);
}

/** Writes the function anew, so that the next request starts a process with all of its time. */
async function edit(name: string): Promise<void> {
  const source = `${gatewayFunctions[name]}\n// ${crypto.randomUUID()}\n`;
  await Deno.writeTextFile(`${folder}/functions/${name}/index.ts`, source);
}

async function processesOf(name: string) {
  return (await stack.functionProcesses()).filter((process) =>
    process.name === name && !process.retired
  );
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
