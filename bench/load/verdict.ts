// Compares what the bench saw with what the database holds, once all is done.
import type postgres from "postgres";
import { type Ledger, type Run, TRIES } from "./ledger.ts";
import type { LoadName } from "./names.ts";

/** Counts that must be 0, but for the first four. */
export interface Verdict {
  jobs: number;
  completed: number;
  failed: number;
  attempts: number;
  lost: number;
  stuck: number;
  /** Ended in another state, or after another number of tries, than the body says. */
  wrong: number;
  /** Attempts whose work was done twice. */
  twice: number;
  limitsExceeded: number;
  /** The first few faults, in words. */
  faults: string[];
}

interface JobRow {
  id: string;
  state: string;
  attempt: number;
}

/** The counts of `Verdict` that must be 0. */
export const FAULTS = ["lost", "stuck", "wrong", "twice", "limitsExceeded"] as const;

/** Judges a run: nothing lost, nothing done twice, every job as its body says, no limit exceeded. */
export async function judge(
  sql: postgres.Sql,
  ledger: Ledger,
  names: LoadName[],
): Promise<Verdict> {
  const rows = await sql<JobRow[]>`
    select id, state, attempt from public.job where job_name = any (${
    names.map(({ name }) => name)
  })`;
  const verdict = compareJobs(rows, ledger, names);
  await checkRates(sql, names, verdict);
  for (const name of names) checkConcurrency(name, ledger, verdict);
  for (const error of ledger.errors.slice(0, 5)) fault(verdict, "wrong", error);
  return verdict;
}

function fault(verdict: Verdict, kind: typeof FAULTS[number], what: string, count = 1): void {
  verdict[kind] += count;
  if (verdict.faults.length < 10) verdict.faults.push(`${kind}: ${what}`);
}

function compareJobs(rows: JobRow[], ledger: Ledger, names: LoadName[]): Verdict {
  const verdict: Verdict = {
    jobs: ledger.queued.size,
    completed: 0,
    failed: 0,
    attempts: ledger.runs.length,
    lost: 0,
    stuck: 0,
    wrong: 0,
    twice: 0,
    limitsExceeded: 0,
    faults: [],
  };
  const pruned = new Set(names.filter(({ limits }) => limits.keep_completed).map((n) => n.name));
  const found = new Map(rows.map((row) => [row.id, row]));
  const attempts = runsByJob(ledger.runs);
  for (const [id, job] of ledger.queued) {
    const row = found.get(id);
    const state = row?.state ?? (pruned.has(job.name) ? ledger.confirmed.get(id) : undefined);
    const done = attempts.get(id) ?? [];
    const repeated = done.length - new Set(done.map((run) => run.attempt)).size;
    if (repeated > 0) fault(verdict, "twice", `${job.name} ${id}`, repeated);
    if (state === undefined) fault(verdict, "lost", `${job.name} ${id} is not there`);
    else if (state === "pending" || state === "running") {
      fault(verdict, "stuck", `${job.name} ${id} is ${state}`);
    } else {
      const expected = job.failures < TRIES ? "completed" : "failed";
      const tries = Math.min(job.failures + 1, TRIES);
      if (state === "completed" || state === "failed") verdict[state]++;
      if (state !== expected || done.length - repeated !== tries) {
        fault(
          verdict,
          "wrong",
          `${job.name} ${id} is ${state} after ${done.length} tries, expected ${expected} after ${tries}`,
        );
      }
    }
  }
  const strangers = rows.filter((row) => !ledger.queued.has(row.id));
  if (strangers.length > 0) fault(verdict, "wrong", "jobs that nobody queued", strangers.length);
  return verdict;
}

function runsByJob(runs: Run[]): Map<string, Run[]> {
  const byJob = new Map<string, Run[]>();
  for (const run of runs) {
    const known = byJob.get(run.job);
    if (known) known.push(run);
    else byJob.set(run.job, [run]);
  }
  return byJob;
}

/** Starts of a name by the engine's own clock: none may be the rate_limit-th within one period. */
async function checkRates(sql: postgres.Sql, names: LoadName[], verdict: Verdict): Promise<void> {
  for (const { name, limits } of names) {
    if (!limits.rate_limit) continue;
    const [row] = await sql`
      select count(*)::integer as early from (
        select a.rung_at - lag(a.rung_at, ${limits.rate_limit}) over (order by a.rung_at) as apart
        from private.job_attempt a join public.job j on j.id = a.job_id where j.job_name = ${name}) starts
      where apart < ${limits.rate_period!}::interval`;
    if (row!.early > 0) fault(verdict, "limitsExceeded", `starts of ${name}`, row!.early);
  }
}

/** Work that went on at the same time, by the clock of the machine: never more than the limits allow. */
function checkConcurrency(name: LoadName, ledger: Ledger, verdict: Verdict): void {
  const runs = ledger.runs.filter((run) => ledger.queued.get(run.job)?.name === name.name);
  const lanes = Map.groupBy(runs, (run) => ledger.queued.get(run.job)!.user);
  const perUser = name.limits.concurrency_limit ?? 1;
  for (const lane of lanes.values()) {
    const most = mostAtOnce(lane);
    if (most > perUser) {
      fault(verdict, "limitsExceeded", `${most} of ${name.name} of one user, limit ${perUser}`);
    }
  }
  const inAll = name.limits.global_concurrency_limit;
  if (inAll && mostAtOnce(runs) > inAll) {
    fault(verdict, "limitsExceeded", `${mostAtOnce(runs)} of ${name.name}, limit ${inAll}`);
  }
}

/** How many of the runs went on at one moment at most. */
export function mostAtOnce(runs: Run[]): number {
  const changes = runs.flatMap((run) => [[run.startedAt, 1], [run.endedAt, -1]] as const)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let [going, most] = [0, 0];
  for (const [, change] of changes) most = Math.max(most, going += change);
  return most;
}
