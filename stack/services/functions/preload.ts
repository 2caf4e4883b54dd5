/**
 * Loaded before a function's own code: gives it what the edge runtime gives (EdgeRuntime.waitUntil,
 * `export default { fetch }`, the beforeunload event with its reason) and connects it to the
 * functions service: lines on stdin are commands, stdout lines that start with the mark are reports.
 */
const mark = Deno.env.get("STACK_WORKER_MARK") ?? "";
for (const name of ["STACK_WORKER_MARK", "DO_NOT_TRACK", "PATH"]) Deno.env.delete(name);

const encoder = new TextEncoder();
function report(line: string): void {
  Deno.stdout.writeSync(encoder.encode(`${mark}${line}\n`));
}

let tasks = 0;
function settle(): void {
  tasks--;
  if (tasks === 0) report("tasks 0");
}

Object.defineProperty(globalThis, "EdgeRuntime", {
  value: Object.freeze({
    waitUntil<T>(promise: Promise<T>): Promise<T> {
      tasks++;
      if (tasks === 1) report("tasks 1");
      Promise.resolve(promise).then(settle, (error) => {
        console.error("a promise given to EdgeRuntime.waitUntil was rejected:", error);
        settle();
      });
      return promise;
    },
  }),
});

let serving = false;
const serve = Deno.serve.bind(Deno) as (...args: unknown[]) => Deno.HttpServer<Deno.NetAddr>;
Deno.serve = ((...args: unknown[]) => {
  serving = true;
  const handler = args.find((arg) => typeof arg === "function");
  const given = (args.find((arg) => typeof arg === "object" && arg !== null) ?? {}) as Record<
    string,
    unknown
  >;
  const { hostname: _hostname, port: _port, path: _path, ...options } = given;
  const onListen = (address: Deno.NetAddr) => report(`listening ${address.port}`);
  const server = { ...options, onListen };
  return handler ? serve(server, handler) : serve(server);
}) as typeof Deno.serve;

setTimeout(async () => {
  const main = await import(Deno.mainModule);
  if (!serving && typeof main.default?.fetch === "function") Deno.serve(main.default.fetch);
}, 0);

async function obey(): Promise<void> {
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
  for await (const text of lines) {
    for (const reason of text.split("\n").filter(Boolean)) {
      globalThis.dispatchEvent(new CustomEvent("beforeunload", { detail: { reason } }));
    }
  }
  Deno.exit(0);
}
obey();
