// One run of the load, from the first job queued to the last one judged.
import postgres from "postgres";
import { startActor } from "./actor.ts";
import { type Ledger, newLedger, pickupTimes } from "./ledger.ts";
import { type LoadName, loadNames, type LoadSize } from "./names.ts";
import { queueLoad } from "./queue.ts";
import { append, type Series, takeSample } from "./sample.ts";
import { percentile } from "../support/statistics.ts";
import { judge, type Verdict } from "./verdict.ts";

/** Where the load runs. */
export interface LoadWorld {
  dbUrl: string;
  adminUrl: string;
  /** The API that real functions are called through; null: SQL sessions do all the work. */
  apiUrl: string | null;
  users: string[];
  /** Root processes of the parts that are measured. */
  pids: () => Record<string, number>;
}

export interface LoadOptions extends LoadSize {
  /** Seconds for which a snapshot is held open from a third of the time on; 0: none. */
  snapshot: number;
  seed: number;
  log?: (line: string) => void;
}

export interface LoadRun {
  series: Series;
  /** From when to when the snapshot was held, in seconds since the load began. */
  held: [number, number] | null;
  /** When the last job was queued, and when the last one had ended. */
  queuedAt: number;
  doneAt: number;
  /** Pick-up of first attempts by name, in ms. */
  pickup: Record<string, { p50: number; p99: number }>;
  verdict: Verdict;
  names: LoadName[];
}

/** The longest that the jobs left over may take once the last one is queued, in seconds. */
const PATIENCE = 180;

/** Seconds between two looks, at the least: a look costs tens of ms. */
const LEAST_INTERVAL = 1;

/** Queues the load and watches it, until all jobs have ended and a verdict is there. */
export async function runLoad(world: LoadWorld, options: LoadOptions): Promise<LoadRun> {
  const { seconds } = options;
  const names = loadNames(options, world.apiUrl !== null);
  const ledger = newLedger();
  const sql = postgres(world.dbUrl, { max: 3, onnotice: () => {} });
  const admin = postgres(world.adminUrl, { max: 1, onnotice: () => {} });
  const actor = startActor({ dbUrl: world.dbUrl, apiUrl: world.apiUrl, names, ledger });
  try {
    await configure(sql, names);
    await sql`select vault.update_secret(id, ${actor.url}) from vault.secrets where name = 'supabase_url'`;

    const begun = performance.now();
    const elapsed = () => (performance.now() - begun) / 1000;
    const series: Series = { time: [], values: {} };
    const interval = Math.max(LEAST_INTERVAL, seconds / 120);
    let open = true;
    const watching = (async () => {
      for (let n = 0; open; n++) {
        await pause(n * interval - elapsed());
        append(
          series,
          elapsed(),
          await takeSample({ admin, ledger, names: words(names), ...world }),
        );
        if (n % Math.ceil(10 / interval) === 0) options.log?.(progressLine(series));
      }
    })();
    watching.catch(() => {});
    const holding = options.snapshot > 0
      ? hold(sql, seconds / 3, options.snapshot, elapsed)
      : Promise.resolve(null);
    holding.catch(() => {});

    const { dbUrl, users } = world;
    const { ledgerUrl } = actor;
    await queueLoad({ dbUrl, users, names, ledger, ledgerUrl, ...options });
    const queuedAt = elapsed();
    await untilEnded(sql, queuedAt + PATIENCE, elapsed);
    const doneAt = elapsed();
    const held = await holding;
    open = false;
    await watching;
    const verdict = await judge(sql, ledger, names);
    const lanesOver = (series.values["lanes over limit"] ?? []).reduce<number>(
      (a, b) => a + (b ?? 0),
      0,
    );
    if (lanesOver > 0) {
      verdict.limitsExceeded += lanesOver;
      verdict.faults.push(`limitsExceeded: ${lanesOver} lanes seen with too many running jobs`);
    }
    return { series, held, queuedAt, doneAt, pickup: pickup(ledger), verdict, names };
  } finally {
    await actor.stop();
    await sql.end();
    await admin.end();
  }
}

async function configure(sql: postgres.Sql, names: LoadName[]): Promise<void> {
  for (const { name, limits } of names) {
    await sql`insert into public.job_config ${sql({ job_name: name, ...limits })}`;
  }
}

/** Holds a snapshot that has read, as a long report or a forgotten console does. */
async function hold(
  sql: postgres.Sql,
  from: number,
  seconds: number,
  elapsed: () => number,
): Promise<[number, number]> {
  await pause(from - elapsed());
  return await sql.begin("isolation level repeatable read", async (holder) => {
    await holder`select count(*) from public.job`;
    const begun = elapsed();
    await pause(seconds);
    await holder`select 1`;
    return [begun, elapsed()];
  }) as [number, number];
}

async function untilEnded(sql: postgres.Sql, until: number, elapsed: () => number): Promise<void> {
  while (elapsed() < until) {
    const [row] = await sql`
      select exists (select from public.job where state = 'pending')
        or exists (select from public.job where state = 'running') as open`;
    if (!row!.open) return;
    await pause(0.2);
  }
}

function pickup(ledger: Ledger): LoadRun["pickup"] {
  return Object.fromEntries(
    [...pickupTimes(ledger)].map(([name, times]) => [
      name,
      { p50: Math.round(percentile(times, 50)), p99: Math.round(percentile(times, 99)) },
    ]),
  );
}

function words(names: LoadName[]): string[] {
  return names.map(({ name }) => name);
}

function progressLine(series: Series): string {
  const last = (name: string) => Math.round(series.values[name]?.at(-1) ?? 0);
  return `${series.time.at(-1)!.toFixed(0).padStart(5)} s: ${last("queued")} queued, ` +
    `${last("waiting")} due, ${last("delayed")} delayed, ${last("running")} running, ` +
    `${last("runs")} tries done`;
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, seconds * 1000)));
}
