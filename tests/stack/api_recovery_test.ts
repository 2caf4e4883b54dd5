// The API's sessions after the database was killed under them: requests are answered again.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { startStack } from "../../stack/stack.ts";
import { temporaryFolder } from "../support/temporary.ts";

Deno.test({
  name: "after a kill of Postgres under thirty callers every caller is answered again",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const dataDir = await temporaryFolder();
    const stack = await startStack({
      dataDir,
      ports: "free",
      quiet: true,
      fsync: false,
      migrate: false,
    });
    let stopped = false;
    const lastAnswer: number[] = [];
    const call = async (caller: number) => {
      while (!stopped) {
        const response = await fetch(`${stack.apiUrl}/rest/v1/rpc/nothing`, {
          method: "POST",
          headers: { apikey: stack.anonKey, "Content-Type": "application/json" },
          body: "{}",
          signal: AbortSignal.timeout(4000),
        }).catch(() => null);
        await response?.body?.cancel();
        if (response && response.status < 500) lastAnswer[caller] = Date.now();
        else await pause(100);
      }
    };
    try {
      const callers = Array.from({ length: 30 }, (_, caller) => call(caller));
      await pause(1500);
      for (let kill = 0; kill < 2; kill++) {
        const { postgres } = stack.processes;
        const before = postgres!.pid;
        postgres!.kill("SIGKILL");
        while (postgres!.pid === before) await pause(50);
        await pause(3000);
      }
      const since = Date.now();
      const answered = () => lastAnswer.filter((at) => at > since).length;
      for (let waited = 0; waited < 30 && answered() < 30; waited++) await pause(1000);
      const count = answered();
      stopped = true;
      await Promise.all(callers);
      assert.equal(count, 30, "callers that were answered again");
    } finally {
      stopped = true;
      await stack.stop();
      await Deno.remove(dataDir, { recursive: true });
    }
  },
});
