import { join } from "node:path";
import { offlineImports } from "./imports.ts";
import { sourceVersion } from "./source.ts";
import { bootError, idleTimeout, workerError, workerLimit } from "./answers.ts";
import { type Limits, startWorker, type Worker } from "./worker.ts";
import { functionLog } from "./log.ts";

export interface PoolOptions {
  functionsDir: string;
  projectDir: string;
  logDir: string;
  preload: string;
  env: Record<string, string>;
  limits: Limits;
  /** Whether functions get their `jsr:` imports from JSR. */
  jsr: boolean;
}

export interface Pool {
  /** Sends a request to the function `name`, which exists; `path` is what the function sees as its URL's path. */
  handle(request: Request, name: string, path: string): Promise<Response>;
  /** The processes that run now. */
  list(): { name: string; pid: number; retired: boolean; inFlight: number }[];
  stop(): Promise<void>;
}

interface Current {
  worker: Worker;
  version: string;
}

/** Function processes by name: started on demand, replaced when edited, retired or dead. */
export function createPool(options: PoolOptions): Pool {
  const current = new Map<string, Current>();
  const running = new Map<Worker, string>();

  function workerFor(name: string): Worker {
    const version = sourceVersion(options.functionsDir, name);
    const known = current.get(name);
    if (known && known.version === version && !known.worker.retired && !known.worker.end) {
      return known.worker;
    }
    known?.worker.retire();
    const entry = join(options.functionsDir, name, "index.ts");
    const imports = options.jsr ? [] : offlineImports({ ...options, name });
    const log = functionLog(options.logDir, name);
    const worker = startWorker({ ...options, entry, imports, log });
    running.set(worker, name);
    worker.ended.then(() => running.delete(worker));
    current.set(name, { worker, version });
    return worker;
  }

  async function handle(request: Request, name: string, path: string): Promise<Response> {
    const worker = workerFor(name);
    worker.inFlight++;
    const port = await worker.ready;
    if (port === null) {
      worker.inFlight--;
      await request.body?.cancel();
      return worker.end === "killed" ? workerLimit() : bootError();
    }
    return forward(request, worker, port, path, options.limits);
  }

  return {
    handle,
    list: () =>
      [...running].map(([worker, name]) => ({
        name,
        pid: worker.pid,
        retired: worker.retired,
        inFlight: worker.inFlight,
      })),
    async stop() {
      const workers = [...running.keys()];
      workers.forEach((worker) => worker.kill());
      await Promise.all(workers.map((worker) => worker.ended));
    },
  };
}

async function forward(
  request: Request,
  worker: Worker,
  port: number,
  path: string,
  limits: Limits,
): Promise<Response> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), limits.idle * 1000);
  let done = false;
  const finish = () => {
    if (done) return;
    done = true;
    clearTimeout(timer);
    worker.requestDone();
  };
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      redirect: "manual",
      signal: AbortSignal.any([silence.signal, request.signal]),
    });
    clearTimeout(timer);
    if (!response.body) {
      finish();
      return new Response(null, response);
    }
    return new Response(whenRead(response.body, finish), response);
  } catch (error) {
    finish();
    if (silence.signal.aborted) return idleTimeout(limits.idle);
    if (request.signal.aborted) throw error;
    await Promise.race([worker.ended, delay(500)]);
    return worker.end === "error" || !worker.end ? workerError() : workerLimit();
  }
}

function whenRead(body: ReadableStream<Uint8Array>, done: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done: end } = await reader.read();
        if (!end) return controller.enqueue(value);
        done();
        controller.close();
      } catch (error) {
        done();
        controller.error(error);
      }
    },
    cancel(reason) {
      done();
      return reader.cancel(reason);
    },
  });
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
