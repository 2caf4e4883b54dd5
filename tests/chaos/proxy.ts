// A TCP proxy between two parts, in which the network can be made to fail.
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * pass: a network that works. cut: every connection is reset. silent: nothing comes back.
 * lose answers: requests arrive, their answers do not. garbage: the answer is no HTTP.
 */
export type Mode = "pass" | "cut" | "silent" | "lose answers" | "garbage";

export interface Proxy {
  url: string;
  /** Where connections go; until it is set they are cut. */
  setTarget(port: number): void;
  setMode(mode: Mode): void;
  stop(): Promise<void>;
}

const GARBAGE = Uint8Array.from([
  0,
  255,
  254,
  13,
  10,
  72,
  84,
  84,
  80,
  47,
  57,
  32,
  0,
  13,
  10,
  13,
  10,
]);

/** Starts a proxy on a free port of the loopback. */
export async function startProxy(): Promise<Proxy> {
  let target = 0;
  let mode: Mode = "cut";
  const clients = new Set<Socket>();

  const server = createServer((client) => {
    if (mode === "cut" || target === 0) return void client.destroy();
    clients.add(client);
    const upstream = connect(target, "127.0.0.1");
    const close = () => {
      clients.delete(client);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      socket.on("error", close);
      socket.on("close", close);
    }
    client.on("data", (data) => {
      if (mode === "garbage") return void client.end(GARBAGE);
      if (mode !== "silent") upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (mode === "lose answers") return close();
      if (mode === "pass") client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setTarget(port) {
      target = port;
      mode = "pass";
    },
    setMode(next) {
      // What a silent network has swallowed never arrives: its connections are useless.
      const broken = next === "cut" || mode === "silent";
      mode = next;
      if (broken) clients.forEach((client) => client.destroy());
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      clients.forEach((client) => client.destroy());
      await closed;
    },
  };
}
