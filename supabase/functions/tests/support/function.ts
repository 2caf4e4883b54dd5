import {
  ANON_KEY,
  type FakeJob,
  type FakeOptions,
  type FakeRuntime,
  SERVICE_KEY,
  startFakeRuntime,
} from "./fake_runtime.ts";

type Handler = (request: Request) => Response | Promise<Response>;

export interface LoadedFunction {
  runtime: FakeRuntime;
  handle(request: Request): Promise<Response>;
  /** Queues a job for the function. */
  queue(job?: Partial<FakeJob>): FakeJob;
  /** Rings and waits until everything the function works on after its answer is done. */
  ring(job: FakeJob): Promise<Response>;
}

/**
 * Loads a function's own index.ts (or the module at the URL `entry`) as the Edge Runtime does, with a
 * fake runtime behind it.
 */
export async function withFunction(
  name: string,
  options: FakeOptions & { entry?: string },
  test: (loaded: LoadedFunction) => Promise<void>,
): Promise<void> {
  const runtime = startFakeRuntime(options);
  const tasks = new Set<Promise<unknown>>();
  try {
    const entry = options.entry ?? import.meta.resolve(`../../${name}/index.ts`);
    const handler = await load(entry, runtime.url, tasks);
    const handle = async (request: Request) => await handler(request);
    await test({
      runtime,
      handle,
      queue: (job) => runtime.queue({ job_name: name, ...job }),
      async ring(job) {
        const answer = await runtime.ring(job, handle);
        await Promise.all(tasks);
        return answer;
      },
    });
  } finally {
    await Promise.all(tasks);
    await runtime.stop();
  }
}

async function load(entry: string, url: string, tasks: Set<Promise<unknown>>): Promise<Handler> {
  Deno.env.set("SUPABASE_URL", url);
  Deno.env.set("SUPABASE_ANON_KEY", ANON_KEY);
  Deno.env.set("SUPABASE_SERVICE_ROLE_KEY", SERVICE_KEY);
  Object.defineProperty(globalThis, "EdgeRuntime", {
    configurable: true,
    value: { waitUntil: (task: Promise<unknown>) => void tasks.add(task) },
  });
  let handler: Handler | undefined;
  const serve = Deno.serve;
  Deno.serve = ((given: Handler) => void (handler = given)) as unknown as typeof serve;
  try {
    await import(`${entry}?${crypto.randomUUID()}`);
  } finally {
    Deno.serve = serve;
  }
  if (!handler) throw new Error(`${entry} does not call Deno.serve`);
  return handler;
}
