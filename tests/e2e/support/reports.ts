/** A server of the test that functions report to: what a function did after its answer. */
export interface Reports {
  url: string;
  received: string[];
  /** Waits until a report that contains `text` has arrived. */
  until(text: string, milliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

export function startReports(): Reports {
  const received: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      received.push(await request.text());
      return new Response();
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    received,
    async until(text, milliseconds) {
      const deadline = Date.now() + milliseconds;
      while (!received.some((report) => report.includes(text))) {
        if (Date.now() > deadline) {
          throw new Error(`no report "${text}" in ${milliseconds} ms; there were: ${received}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    stop: () => server.shutdown(),
  };
}
