import { type BodyInput, type BodySchema, type JobDefinition, parseBody } from "./define_job.ts";

// deno-lint-ignore no-explicit-any
type Anything = any;

/** A supabase-js client, typed or not: only this much of it is used. */
export interface RpcClient {
  rpc(name: Anything, args?: Anything): Anything;
}

export interface QueueOptions {
  /** Tries in all. Default 3. */
  maxRetries?: number;
  /** Not before this moment. Default now. */
  runAt?: Date;
  /** Higher runs first among the user's jobs of this name. Default 0. */
  priority?: number;
  /** While a job with this key is pending or running, that one is meant and none is made. */
  uniqueKey?: string;
}

/** A refusal by the database; `code` is its SQLSTATE, e.g. JQ401 for a signed-out caller. */
export class QueueError extends Error {
  override name = "QueueError";

  constructor(message: string, readonly code: string | undefined) {
    super(message);
  }
}

/**
 * Queues a job for the signed-in user and returns its id. A body that does not fit is refused
 * here, by the compiler and by the schema (JobBodyError), before anything is sent.
 */
export async function queueJob<S extends BodySchema>(
  client: RpcClient,
  job: JobDefinition<S>,
  body: BodyInput<S>,
  options: QueueOptions = {},
): Promise<string> {
  await parseBody(job, body);
  return await callRpc<string>(client, "queue_job", {
    _job_name: job.name,
    _request_body: body,
    ...(options.maxRetries !== undefined && { _max_retries: options.maxRetries }),
    ...(options.runAt && { _run_at: options.runAt.toISOString() }),
    ...(options.priority !== undefined && { _priority: options.priority }),
    ...(options.uniqueKey !== undefined && { _unique_key: options.uniqueKey }),
  });
}

/** One of many jobs to queue. */
export interface BulkJob<S extends BodySchema> extends QueueOptions {
  body: BodyInput<S>;
  /** Whose job it is: only a service-role client may say so. Default: the caller's. */
  userId?: string;
}

/** The REST API cuts an answer at so many rows (max_rows): ids beyond them would be lost. */
const MOST_JOBS = 1_000;

/** Queues up to 1,000 jobs of one kind in one statement: all or none. Returns their ids in order. */
export async function queueJobs<S extends BodySchema>(
  client: RpcClient,
  job: JobDefinition<S>,
  jobs: BulkJob<S>[],
): Promise<string[]> {
  if (jobs.length > MOST_JOBS) {
    throw new QueueError(
      `expected at most ${MOST_JOBS} jobs in a call, found ${jobs.length}`,
      "JQ413",
    );
  }
  for (const { body } of jobs) await parseBody(job, body);
  return await callRpc<string[]>(client, "queue_jobs", {
    _jobs: jobs.map((one) => ({
      job_name: job.name,
      request_body: one.body,
      max_retries: one.maxRetries,
      run_at: one.runAt?.toISOString(),
      priority: one.priority,
      unique_key: one.uniqueKey,
      user_id: one.userId,
    })),
  });
}

async function callRpc<T>(client: RpcClient, name: string, args: object): Promise<T> {
  const { data, error } = await client.rpc(name, args);
  if (!error) return data as T;
  throw new QueueError(`${name} was refused: ${error.message}`, error.code);
}
