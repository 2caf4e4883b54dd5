// Each process of the stack comes back after a kill, and jobs run again.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { type Stack, type StackProcesses, startStack } from "../../stack/stack.ts";
import { must, newUser, untilJob, type User } from "./support/project.ts";

let folder: string;
let stack: Stack;
let user: User;

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir();
  await Deno.chmod(folder, 0o755);
  stack = await startStack({ dataDir: folder, ports: "free", quiet: true });
  user = await newUser(stack);
});

Deno.test.afterAll(async () => {
  await stack.stop();
  await Deno.remove(folder, { recursive: true });
});

for (const name of ["functions", "api", "net", "cron", "postgres"] as const) {
  Deno.test(`kill -9 of ${name}: it comes back, and the next job completes`, async () => {
    const process = stack.processes[name]!;
    const before = process.pid;
    process.kill("SIGKILL");
    await until(() => process.pid !== before);
    await completeAJob();
  });
}

Deno.test("with auto-restart off a killed process stays away until it is restarted", async () => {
  const api = stack.processes.api;
  api.setAutoRestart(false);
  api.kill("SIGKILL");
  await delay(1500);
  await assert.rejects(fetch(`${stack.apiUrl}/rest/v1/`));
  await api.restart();
  api.setAutoRestart(true);
  await completeAJob();
});

Deno.test("restart ends a process and starts it again", async () => {
  for (const process of Object.values(stack.processes as Required<StackProcesses>)) {
    const before = process.pid;
    await process.restart();
    assert.notEqual(process.pid, before);
  }
  await completeAJob();
});

/** Queues a job as soon as the API takes it again, and waits for its end. */
async function completeAJob(): Promise<void> {
  let id: string | undefined;
  await until(async () => {
    const { data } = await user.client.rpc("queue_job", { _job_name: "example-job" });
    id = data ?? undefined;
    return id !== undefined;
  });
  await untilAnswered(id!);
}

async function untilAnswered(id: string): Promise<void> {
  const job = await untilJob(user.client, id, ({ state }) => state === "completed", 60);
  assert.equal(job.retries, 0);
  await must(user.client.from("job").delete().eq("id", id).select("id"));
}

async function until(is: () => boolean | Promise<boolean>, seconds = 30): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!await is()) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${is}`);
    await delay(100);
  }
}
