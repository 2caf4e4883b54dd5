/// <reference types="npm:@supabase/functions-js@2.119.1/src/edge-runtime.d.ts" />
import { type BodySchema, defineJob } from "./define_job.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { answer, readRing } from "./ring.ts";
import { createRuntimeApi, type Job, type RuntimeApi } from "./runtime_api.ts";
import { timeBudget } from "./time_budget.ts";
import { endAttempts, unloadReason } from "./unload.ts";
import { workLoop } from "./work_loop.ts";
import type { ServedJob, Worker } from "./worker.ts";

/** How long a ring waits for a database that is briefly away. */
const START_PATIENCE_MS = 10_000;

const isolateStartedAt = Date.now();

/**
 * Serves a kind of job as an Edge Function: the whole of a function's index.ts.
 *
 * ```ts
 * serveJob({ name: "greet", body: z.object({ name: z.string() }), run: ({ body }) => `Hi ${body.name}` });
 * serveJob({ ...greet, run: ({ body }) => `Hi ${body.name}` }); // with greet = defineJob(…)
 * ```
 */
export function serveJob<S extends BodySchema>(served: ServedJob<S>): void {
  const { handle, unload } = createJobServer(served, readEnvironment(Deno.env.get));
  addEventListener("beforeunload", (event) => unload(unloadReason(event)));
  Deno.serve(handle);
}

export interface JobServer {
  /** Answers a ring, and works on afterwards. */
  handle(request: Request): Promise<Response>;
  /** Ends what is going on: the isolate will be gone soon. */
  unload(reason: string): void;
  /** Resolves when no work is going on. */
  idle(): Promise<void>;
}

/** `serveJob` without the server: for tests, and for functions that serve more than a job. */
export function createJobServer<S extends BodySchema>(
  served: ServedJob<S>,
  environment: Environment,
): JobServer {
  defineJob(served);
  const worker: Worker<S> = {
    served,
    environment,
    api: createRuntimeApi(environment),
    startedAt: isolateStartedAt,
    jobsRun: 0,
    live: new Set(),
    lingering: false,
    stopping: false,
  };
  const working = new Set<Promise<void>>();

  function keepWorking(job: Job) {
    const budget = timeBudget(worker.startedAt, Date.now(), environment.wallClockSeconds);
    const work = afterAnswer()
      .then(() => workLoop(worker, job, budget))
      .catch((error) => console.error(`${served.name}: ${error}`))
      .finally(() => working.delete(work));
    working.add(work);
    waitUntil(work);
  }

  return {
    async handle(request) {
      await request.body?.cancel();
      const ring = readRing(request);
      if (ring instanceof Response) return ring;
      const started = await start(worker.api, ring.jobId, ring.token);
      if (!started) return answer(503, ring.echo, "the database could not be reached");
      if (started.status !== "ok") {
        return answer(401, ring.echo, "this is not the token of the job's attempt, or it was used");
      }
      keepWorking(started.job);
      return answer(202, ring.echo);
    },
    unload(reason) {
      worker.stopping = true;
      endAttempts(worker.live, reason);
    },
    async idle() {
      while (working.size > 0) await Promise.all(working);
    },
  };
}

async function start(api: RuntimeApi, jobId: string, token: string) {
  try {
    return await api.start(jobId, token, { until: Date.now() + START_PATIENCE_MS });
  } catch (error) {
    console.error(`job ${jobId}: ${(error as Error).message}`);
    return undefined;
  }
}

/** A turn of the event loop, so that a busy handler does not hold up the answer. */
function afterAnswer(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Keeps the isolate alive on the Edge Runtime; elsewhere the process lives on anyway. */
function waitUntil(work: Promise<void>): void {
  if (typeof EdgeRuntime !== "undefined") EdgeRuntime.waitUntil(work);
}
