import type { Environment } from "./environment.ts";
import type { Json } from "./json.ts";
import { leaseLeft, type Patience, retryUntil } from "./retry.ts";

/** One attempt at a job as the engine hands it out (by start_job, finish_job or next_job). */
export interface Job {
  id: string;
  job_name: string;
  user_id: string | null;
  request_body: Json;
  attempt: number;
  retries: number;
  max_retries: number;
  /** The fence of this one attempt. Secret. */
  token: string;
  /** Results of the steps that earlier attempts saved. */
  steps: Record<string, Json>;
  lease_seconds: number;
  linger_seconds: number;
  /** "Bearer <JWT of the job's user>"; of the role anon for a job without a user. Secret. */
  authorization: string;
}

export type Outcome = "completed" | "failed" | "failed_permanently" | "canceled";

export interface FinishReport {
  outcome: Outcome;
  result?: Json;
  error?: string;
  retryAfterSeconds?: number;
  acceptNext: boolean;
}

export interface LogLine {
  level: "DEBUG" | "INFO" | "WARN" | "ERROR";
  message: string;
  at: string;
}

/** The engine's runtime functions. Each may be called again when its answer was lost. */
export interface RuntimeApi {
  start(
    jobId: string,
    token: string,
    patience: Patience,
  ): Promise<{ status: "ok"; job: Job } | { status: "stale" }>;
  heartbeat(
    job: Job,
    progress: Json,
    patience: Patience,
  ): Promise<{ status: "ok" | "canceled" | "stale" }>;
  finish(job: Job, report: FinishReport, patience: Patience): Promise<{ next: Job | null }>;
  next(jobName: string, lingerSeconds: number, patience: Patience): Promise<{ next: Job | null }>;
  release(job: Job, afterSeconds: number, patience: Patience): Promise<{ status: string }>;
  saveStep(
    job: Job,
    name: string,
    result: Json,
    patience: Patience,
  ): Promise<{ status: string; result: Json }>;
  log(job: Job, lines: LogLine[], patience: Patience): Promise<{ status: string }>;
  commit(
    job: Job,
    rpc: string,
    args: Json,
    patience: Patience,
  ): Promise<{ status: string; state?: string; result?: Json }>;
}

/** The database's refusal of a call, or its silence. */
export class RuntimeApiError extends Error {
  override name = "RuntimeApiError";

  constructor(
    message: string,
    readonly transient: boolean,
    readonly code?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A call that got no answer by then is made again; near the end of a lease sooner. */
const CALL_TIMEOUT_MS = 10_000;
const SHORTEST_TIMEOUT_MS = 500;

/** SQLSTATE classes that pass by themselves: connection, resources, operator, rollback. */
const TRANSIENT_SQLSTATE = /^(08|40|53|57P)|^(55P03|57014)$|^PGRST00[0-3]$/;

/**
 * Calls the runtime functions through PostgREST with plain fetch: a job costs few calls, and
 * each is on the hot path.
 */
export function createRuntimeApi(environment: Environment): RuntimeApi {
  const headers = {
    "Content-Type": "application/json",
    "apikey": environment.serviceKey,
    "Authorization": `Bearer ${environment.serviceKey}`,
  };
  const call = <T>(name: string, args: object, patience: Patience) =>
    retryUntil(
      () => {
        const half = Math.max(leaseLeft(patience) / 2, SHORTEST_TIMEOUT_MS);
        const url = `${environment.url}/rest/v1/rpc/${name}`;
        return callOnce<T>(url, args, headers, Math.min(half, CALL_TIMEOUT_MS));
      },
      {
        ...patience,
        isTransient: (error) => error instanceof RuntimeApiError && error.transient,
      },
    );
  const fence = (job: Job) => ({ _job_id: job.id, _token: job.token });

  return {
    start: (jobId, token, patience) =>
      call(
        "start_job",
        { _job_id: jobId, _token: token, _call_id: crypto.randomUUID() },
        patience,
      ),
    heartbeat: (job, progress, patience) =>
      call("heartbeat_job", { ...fence(job), _progress: progress }, patience),
    finish: (job, report, patience) =>
      call(
        "finish_job",
        {
          ...fence(job),
          _outcome: report.outcome,
          _result: report.result ?? null,
          _error: report.error ?? null,
          _retry_after: report.retryAfterSeconds === undefined
            ? null
            : interval(report.retryAfterSeconds),
          _accept_next: report.acceptNext,
        },
        patience,
      ),
    next: (jobName, lingerSeconds, patience) =>
      call(
        "next_job",
        { _job_name: jobName, _linger_seconds: lingerSeconds, _call_id: crypto.randomUUID() },
        patience,
      ),
    release: (job, afterSeconds, patience) =>
      call("release_job", { ...fence(job), _after: interval(afterSeconds) }, patience),
    saveStep: (job, name, result, patience) =>
      call("save_job_step", { ...fence(job), _name: name, _result: result }, patience),
    log: (job, lines, patience) =>
      call("log_job_attempt", { ...fence(job), _lines: lines }, patience),
    commit: (job, rpc, args, patience) =>
      call(
        "commit_job",
        { ...fence(job), _function: rpc, _args: args, _call_id: crypto.randomUUID() },
        patience,
      ),
  };
}

function interval(seconds: number): string {
  return `${seconds.toFixed(3)} seconds`;
}

async function callOnce<T>(
  url: string,
  args: object,
  headers: Record<string, string>,
  timeoutMs: number,
): Promise<T> {
  const name = url.slice(url.lastIndexOf("/") + 1);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: "POST",
      headers,
      body: JSON.stringify(args),
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await response.text();
  } catch (cause) {
    throw new RuntimeApiError(`${name}: no answer from the database's API`, true, undefined, {
      cause,
    });
  }
  if (response.ok) return JSON.parse(text) as T;
  throw refusal(name, response.status, text);
}

function refusal(name: string, status: number, text: string): RuntimeApiError {
  let code: string | undefined;
  let message = text.slice(0, 500);
  try {
    const body = JSON.parse(text) as { code?: unknown; message?: unknown };
    if (typeof body.code === "string") code = body.code;
    if (typeof body.message === "string") message = body.message;
  } catch {
    // A gateway's page, not PostgREST's JSON: the text itself is the message.
  }
  const transient = status >= 500 || status === 429 || status === 408 ||
    TRANSIENT_SQLSTATE.test(code ?? "");
  return new RuntimeApiError(`${name} answered ${status}: ${message}`, transient, code);
}
