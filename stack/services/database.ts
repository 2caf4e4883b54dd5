import { setTimeout as delay } from "node:timers/promises";
import type { Process } from "./child.ts";
import { isAlive } from "./postgres/cluster.ts";
import { type Postgres, type PostgresOptions, startPostgres } from "./postgres.ts";

/** The Postgres of the stack as a supervised process: started again when it dies. */
export interface Database extends Process {
  port: number;
  url: string;
  adminUrl: string;
}

/** Starts Postgres and keeps it running on the same port until `stop`. */
export async function superviseDatabase(options: PostgresOptions): Promise<Database> {
  let current: Postgres = await startPostgres(options);
  const { port, url, adminUrl } = current;
  let autoRestart = true;
  let stopping = false;
  let busy = false;

  async function startAgain(): Promise<void> {
    const deadline = Date.now() + 30_000;
    // The killed one's backends may hold its shared memory for a moment.
    while (!stopping) {
      try {
        current = await startPostgres({ ...options, port });
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await delay(300);
      }
    }
  }

  const watch = setInterval(async () => {
    if (busy || stopping || !autoRestart || isAlive(current.pid)) return;
    busy = true;
    await startAgain().catch((error) => options.log?.(String(error)));
    busy = false;
  }, 250);

  return {
    port,
    url,
    adminUrl,
    get pid() {
      return current.pid;
    },
    kill(signal = "SIGKILL") {
      if (isAlive(current.pid)) Deno.kill(current.pid, signal);
    },
    async restart() {
      busy = true;
      await current.stop();
      await startAgain();
      busy = false;
    },
    setAutoRestart: (on) => autoRestart = on,
    async stop() {
      stopping = true;
      clearInterval(watch);
      while (busy) await delay(50);
      await current.stop();
    },
  };
}
