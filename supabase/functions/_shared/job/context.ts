import type { Attempt } from "./attempt.ts";
import { adminClient, type Client, userClient } from "./clients.ts";
import type { Commit, CommitResult } from "./commit.ts";
import type { Environment } from "./environment.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { type Json, toJson } from "./json.ts";
import type { JobLog, LogBuffer } from "./log_buffer.ts";
import type { RuntimeApi } from "./runtime_api.ts";
import { createSteps, type Sleep, type Step } from "./steps.ts";
import type { TimeBudget } from "./time_budget.ts";

/** What a handler works with. */
export interface JobContext<Body> {
  /** The stored body, validated. */
  body: Body;
  /** The user the job runs for; null for a job without a user. */
  user: { id: string } | null;
  /** A client that acts as the job's user (as anon without one): RLS applies. */
  supabase: Client;
  /** A service-role client, for jobs without a user and for functions served with `admin: true`. */
  admin: Client;
  /** Aborted when the job is canceled, its time is over, or its attempt is not the live one. */
  signal: AbortSignal;
  /** When `signal` is aborted at the latest. */
  deadline: Date;
  log: JobLog;
  /** Shows how far the job is: any JSON up to 8 KiB. */
  progress(value: Json): void;
  step: Step;
  sleep: Sleep;
  /** Runs a SQL function as the job's user and completes the job in the same transaction. */
  commit: Commit;
  attempt: { number: number; retries: number; maxRetries: number };
  jobId: string;
}

export interface ContextParts {
  attempt: Attempt;
  api: RuntimeApi;
  environment: Environment;
  budget: TimeBudget;
  logs: LogBuffer;
  heartbeat: Heartbeat;
  /** Whether jobs with a user get `admin`, too. */
  admin: boolean;
}

const PROGRESS_BYTES = 8 * 1024;
const ARGS_BYTES = 1024 * 1024;

/** The context of one attempt. Clients are made when first used. */
export function createContext<Body>(body: Body, parts: ContextParts): JobContext<Body> {
  const { attempt, api, environment, budget, logs, heartbeat } = parts;
  const { job } = attempt;
  const { step, sleep } = createSteps(attempt, api, budget);
  let supabase: Client | undefined;
  let admin: Client | undefined;

  return {
    body,
    user: job.user_id === null ? null : { id: job.user_id },
    get supabase() {
      return supabase ??= userClient(environment, job.authorization);
    },
    get admin() {
      if (job.user_id !== null && !parts.admin) {
        throw new Error(
          `admin is for jobs without a user: serve ${job.job_name} with "admin: true" to use it here`,
        );
      }
      return admin ??= adminClient(environment);
    },
    signal: attempt.signal,
    deadline: new Date(budget.deadline),
    log: logs.log,
    progress(value) {
      const kept = toJson(value, PROGRESS_BYTES);
      if (kept.problem !== undefined) throw new TypeError(`no such progress: ${kept.problem}`);
      heartbeat.progress(kept.json);
    },
    step,
    sleep,
    async commit(rpc, args?: object) {
      attempt.signal.throwIfAborted();
      const kept = toJson(args ?? {}, ARGS_BYTES);
      if (kept.problem !== undefined) throw new TypeError(`no such arguments: ${kept.problem}`);
      await logs.flush(0);
      attempt.committing = true;
      const answer = await api.commit(job, rpc, kept.json, { until: budget.reportsUntil })
        .finally(() => attempt.committing = false);
      if (answer.status !== "ok") {
        attempt.lose("this attempt is not the job's live one any more");
        attempt.signal.throwIfAborted();
      }
      attempt.end({ kind: "committed" });
      return answer.result as CommitResult<typeof rpc>;
    },
    attempt: { number: job.attempt, retries: job.retries, maxRetries: job.max_retries },
    jobId: job.id,
  };
}
