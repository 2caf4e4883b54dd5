/** How long an isolate may work, and how long it may take on more. */
export interface TimeBudget {
  /** Handlers are asked to stop at this moment (ms since the epoch). */
  deadline: number;
  /** No new job is taken after this moment: the platform sends none after half the wall clock. */
  takesUntil: number;
  /** Reports are tried until this moment: the platform ends the isolate there. */
  reportsUntil: number;
}

const DEADLINE_SHARE = 0.85;

/**
 * The budget for a ring that came at `ringAt` in an isolate that started at `startedAt`.
 *
 * The platform never rings an isolate in the second half of its life, so one that is rung then
 * lives longer than its wall clock says (a self-hosted or local server): the ring starts the clock
 * anew.
 */
export function timeBudget(startedAt: number, ringAt: number, wallClockSeconds: number) {
  const wallClock = wallClockSeconds * 1000;
  const start = ringAt - startedAt <= wallClock / 2 ? startedAt : ringAt;
  return {
    deadline: start + wallClock * DEADLINE_SHARE,
    takesUntil: start + wallClock / 2,
    reportsUntil: start + wallClock,
  } satisfies TimeBudget;
}
