import type { BodySchema } from "../../_shared/job/define_job.ts";
import { createJobServer, type JobServer } from "../../_shared/job/serve_job.ts";
import type { ServedJob } from "../../_shared/job/worker.ts";
import {
  ANON_KEY,
  type FakeJob,
  type FakeOptions,
  type FakeRuntime,
  SERVICE_KEY,
  startFakeRuntime,
} from "./fake_runtime.ts";

export interface Served {
  runtime: FakeRuntime;
  server: JobServer;
  /** Queues a job of the served kind. */
  queue(job?: Partial<FakeJob>): FakeJob;
  /** Rings and waits until the function is idle. */
  ringAndWait(job: FakeJob): Promise<Response>;
  /** Rings and returns as soon as it is answered. */
  ring(job: FakeJob): Promise<Response>;
}

/** Serves a job against a fake runtime for the length of a test. */
export async function withServed<S extends BodySchema>(
  served: ServedJob<S>,
  options: FakeOptions & { wallClockSeconds?: number },
  test: (served: Served) => Promise<void>,
): Promise<void> {
  const runtime = startFakeRuntime(options);
  const server = createJobServer(served, {
    url: runtime.url,
    anonKey: ANON_KEY,
    serviceKey: SERVICE_KEY,
    wallClockSeconds: options.wallClockSeconds ?? 150,
  });
  try {
    await test({
      runtime,
      server,
      queue: (job) => runtime.queue({ job_name: served.name, ...job }),
      ring: (job) => runtime.ring(job, server.handle),
      async ringAndWait(job) {
        const answer = await runtime.ring(job, server.handle);
        await server.idle();
        return answer;
      },
    });
    await server.idle();
  } finally {
    await runtime.stop();
  }
}

/** Waits until something is so; fails after a while. */
export async function until(condition: () => boolean, what: string, ms = 5_000): Promise<void> {
  const end = Date.now() + ms;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
