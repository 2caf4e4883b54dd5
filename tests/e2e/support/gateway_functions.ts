/** The functions the gateway is tested with, by name. */
export const gatewayFunctions: Record<string, string> = {
  echo: `
    Deno.serve(async (request) =>
      Response.json({
        path: new URL(request.url).pathname,
        method: request.method,
        body: await request.text(),
        seen: request.headers.get("X-Seen"),
        pid: Deno.pid,
        env: Object.keys(Deno.env.toObject()).sort(),
      }, { headers: { "X-Job": "true" } }));`,
  "default-export": `
    export default { fetch: () => new Response("from the default export") };`,
  "boots-not": `throw new Error("the module cannot be loaded");`,
  "listens-never": `setInterval(() => {}, 1000);`,
  silent: `
    Deno.serve((request) =>
      request.method === "GET" ? new Response("up") : new Promise(() => {}));`,
  busy: `
    Deno.serve(() => {
      while (true);
    });`,
  "works-on": `
    const report = (text) => fetch(Deno.env.get("REPORT_URL"), { method: "POST", body: text });
    addEventListener("beforeunload", (event) => report("unload " + event.detail.reason));
    Deno.serve(async (request) => {
      const seconds = Number(await request.text());
      EdgeRuntime.waitUntil((async () => {
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
        await report("worked for " + seconds);
      })());
      return Response.json({ pid: Deno.pid }, { status: 202 });
    });`,
  curious: `
    const attempt = async (name, act) => {
      try {
        await act();
        return name + ": allowed";
      } catch (error) {
        return name + ": " + error.name;
      }
    };
    Deno.serve(async () => Response.json([
      await attempt("write", () => Deno.writeTextFile("/tmp/written-by-a-function", "")),
      await attempt("run", () => new Deno.Command("/bin/true").output()),
      await attempt("read", () => Deno.readTextFile("/etc/passwd")),
    ]));`,
  _shared: `Deno.serve(() => new Response("never"));`,
};

/** Writes them into a folder, each with its index.ts. */
export async function writeFunctions(folder: string): Promise<void> {
  for (const [name, source] of Object.entries(gatewayFunctions)) {
    await Deno.mkdir(`${folder}/${name}`, { recursive: true });
    await Deno.writeTextFile(`${folder}/${name}/index.ts`, source);
  }
}
