// Ports on 127.0.0.1.
import { connect, createServer } from "node:net";

/** A port nobody listens on now. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/**
 * Throws if somebody listens on the port. Asks by connecting: a trial bind would also fail for a port that
 * an outgoing connection used a moment ago.
 */
export async function requireFreePort(port: number, what: string): Promise<void> {
  const taken = await new Promise<boolean>((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
  if (taken) {
    throw new Error(
      `Port ${port} is taken, but ${what} should listen there. Stop the program that holds it, or ` +
        "change the port in supabase/config.toml.",
    );
  }
}
