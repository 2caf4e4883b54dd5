import { JobStoppedError } from "./errors.ts";
import type { FinishReport, Job } from "./runtime_api.ts";

/** How an attempt ends. */
export type Ending =
  | ({ kind: "finish" } & Omit<FinishReport, "acceptNext">)
  /** The job continues later; `why` goes to its log. */
  | { kind: "release"; afterSeconds: number; why?: string }
  /** `commit` completed the job in the database. */
  | { kind: "committed" }
  /** The attempt is not the live one any more: nothing is reported. */
  | { kind: "stale" };

/** The state of one attempt at a job. Whoever ends it first decides how it ended. */
export interface Attempt {
  job: Job;
  /** Aborted when the handler should stop; `signal.reason` says why. */
  signal: AbortSignal;
  /** Whether the isolate ran nothing before: whatever limit it reaches, this attempt used it up. */
  isFirst: boolean;
  /** How many steps this attempt has saved: if any, it made progress that must not be lost. */
  stepsSaved: number;
  /** A commit is under way: its answer, not a heartbeat's, tells whether the attempt was live. */
  committing: boolean;
  /** Resolves with the first ending. */
  ended: Promise<Ending>;
  isOver(): boolean;
  end(ending: Ending): void;
  /** Asks the handler to stop. */
  stop(reason: JobStoppedError): void;
  /** Gives up: someone else has the job, or nobody. */
  lose(message: string): void;
}

export function createAttempt(job: Job, isFirst: boolean): Attempt {
  const controller = new AbortController();
  const { promise: ended, resolve } = Promise.withResolvers<Ending>();
  let over = false;

  function end(ending: Ending) {
    over = true;
    resolve(ending);
  }

  function stop(reason: JobStoppedError) {
    if (!controller.signal.aborted) controller.abort(reason);
  }

  return {
    job,
    isFirst,
    signal: controller.signal,
    stepsSaved: 0,
    committing: false,
    ended,
    isOver: () => over,
    end,
    stop,
    lose(message) {
      end({ kind: "stale" });
      stop(new JobStoppedError("stale", message));
    },
  };
}
