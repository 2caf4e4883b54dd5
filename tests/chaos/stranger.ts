// Somebody else in the same database who uses pg_net, too.
import { setTimeout as pause } from "node:timers/promises";
import { connect, type World } from "./world.ts";

/**
 * Queues requests of its own to a server that answers 200 without any header of a job. After a
 * crash pg_net's ids begin again, so that a request of a stranger gets the id of a ring that was lost.
 */
export function startStranger(world: World): { stop(): Promise<void> } {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json({ answer: "to a stranger" }),
  );
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const sql = connect(world.stack.adminUrl, 1);
  let stopped = false;

  async function ask(): Promise<void> {
    while (!stopped) {
      await sql`select net.http_get(${url}) from generate_series(1, 10)`.catch(() => {});
      await pause(500);
    }
    await sql.end({ timeout: 2 });
  }

  const asking = ask();
  return {
    async stop() {
      stopped = true;
      await asking;
      await server.shutdown();
    },
  };
}
