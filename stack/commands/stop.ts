import { setTimeout as delay } from "node:timers/promises";
import { join } from "node:path";
import { runningStack, stackDir } from "../run_file.ts";
import { locateCluster, runningPostmaster } from "../services/postgres/cluster.ts";
import { systemUser } from "../services/postgres/program.ts";

/** Stops the stack that runs in this project, and waits for its end. */
export async function stop(): Promise<number> {
  const running = runningStack();
  if (!running) {
    const leftBehind = await stopPostgresLeftBehind();
    console.log(
      leftBehind ? "stopped the Postgres a killed stack left behind" : "nothing runs here",
    );
    return 0;
  }
  Deno.kill(running.pid, "SIGTERM");
  for (let waited = 0; waited < 300; waited++) {
    if (!runningStack()) {
      console.log(`stopped (pid ${running.pid})`);
      return 0;
    }
    await delay(100);
  }
  throw new Error(`the stack (pid ${running.pid}) did not stop within 30 s`);
}

/** Postgres outlives a stack that was killed. */
async function stopPostgresLeftBehind(): Promise<boolean> {
  const cluster = await locateCluster(join(stackDir, "db"), await systemUser());
  const pid = await runningPostmaster(cluster);
  if (pid === null) return false;
  Deno.kill(pid, "SIGINT");
  for (let waited = 0; waited < 200; waited++) {
    if (await runningPostmaster(cluster) === null) return true;
    await delay(100);
  }
  throw new Error(`Postgres (pid ${pid}) did not stop within 20 s`);
}
