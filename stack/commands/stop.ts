import { setTimeout as delay } from "node:timers/promises";
import { runningStack } from "../run_file.ts";

/** Stops the stack that runs in this project, and waits for its end. */
export async function stop(): Promise<number> {
  const running = runningStack();
  if (!running) {
    console.log("nothing runs here");
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
