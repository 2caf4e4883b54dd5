// Ports on 127.0.0.1.
import { createServer } from "node:net";

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

/** Throws if somebody listens on the port. */
export async function requireFreePort(port: number, what: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) =>
      reject(
        new Error(
          `Port ${port} is taken, but ${what} should listen there (${error.message}). Stop the ` +
            "program that holds it, or change the port in supabase/config.toml.",
        ),
      ));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
  });
}
