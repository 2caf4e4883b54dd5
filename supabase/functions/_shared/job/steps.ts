import type { Attempt } from "./attempt.ts";
import { PermanentError, secondsUntil } from "./errors.ts";
import { type Json, toJson } from "./json.ts";
import { delay } from "./retry.ts";
import { type RuntimeApi, RuntimeApiError } from "./runtime_api.ts";
import type { TimeBudget } from "./time_budget.ts";

/** What a step's function gets. */
export interface StepContext {
  /** The same for every run of this step of this job: hand it to APIs that know such keys. */
  idempotencyKey: string;
  signal: AbortSignal;
}

/** Runs `fn` once per job; when the job is continued, its saved result is returned instead. */
export type Step = <T>(name: string, fn: (context: StepContext) => T | Promise<T>) => Promise<T>;

/** Pauses the job, in another isolate if need be: until a Date, or for a number of seconds. */
export type Sleep = (name: string, duration: number | Date) => Promise<void>;

const STEP_BYTES = 256 * 1024;
/** A rest of a sleep that is not worth a release. */
const SHORT_REST_SECONDS = 1;
/** A step that is this much shorter than the time left is begun. */
const STEP_MARGIN = 1.5;

/** The steps of one attempt. They go on where earlier attempts of the job stopped. */
export function createSteps(attempt: Attempt, api: RuntimeApi, budget: TimeBudget) {
  const saved = new Map(Object.entries(attempt.job.steps ?? {}));
  const used = new Set<string>();
  let longestMs = 0;

  const step: Step = async <T>(name: string, fn: (context: StepContext) => T | Promise<T>) => {
    claim(name);
    if (saved.has(name)) return saved.get(name) as T;
    if (isOutOfTime()) return continueLater(0);
    const startedAt = Date.now();
    const result = await fn({
      idempotencyKey: `${attempt.job.id}:${name}`,
      signal: attempt.signal,
    });
    longestMs = Math.max(longestMs, Date.now() - startedAt);
    return await save(name, result) as T;
  };

  const sleep: Sleep = async (name, duration) => {
    claim(name);
    const until = saved.has(name)
      ? Date.parse(saved.get(name) as string)
      : Date.now() + secondsUntil(duration) * 1000;
    const seconds = (until - Date.now()) / 1000;
    if (!saved.has(name)) await save(name, new Date(until).toISOString());
    if (seconds > SHORT_REST_SECONDS) return continueLater(seconds);
    await delay(Math.max(0, seconds * 1000));
    attempt.signal.throwIfAborted();
  };

  function claim(name: string) {
    attempt.signal.throwIfAborted();
    if (used.has(name)) {
      throw new PermanentError(`the step "${name}" is used twice: give each step its own name`);
    }
    used.add(name);
  }

  function isOutOfTime(): boolean {
    return attempt.stepsSaved > 0 && Date.now() + longestMs * STEP_MARGIN > budget.deadline;
  }

  async function save(name: string, result: unknown): Promise<Json> {
    const kept = toJson(result, STEP_BYTES);
    if (kept.problem !== undefined) {
      throw new PermanentError(`the result of the step "${name}" cannot be saved: ${kept.problem}`);
    }
    const answer = await api.saveStep(attempt.job, name, kept.json, { until: budget.reportsUntil })
      .catch((error) => {
        if (!(error instanceof RuntimeApiError) || error.transient) throw error;
        throw new PermanentError(`the result of the step "${name}" was refused`, { cause: error });
      });
    if (answer.status === "stale") {
      attempt.lose("this attempt is not the job's live one any more");
      attempt.signal.throwIfAborted();
    }
    attempt.stepsSaved++;
    saved.set(name, answer.result);
    return answer.result;
  }

  /** Never resolves: what follows in the handler runs when the job is continued. */
  function continueLater(afterSeconds: number): Promise<never> {
    attempt.end({ kind: "release", afterSeconds });
    return new Promise(() => {});
  }

  return { step, sleep };
}
