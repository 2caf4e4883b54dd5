// One look at the running system: queue, pick-up, memory, processor, tables, indexes, WAL.
import type postgres from "postgres";
import { processCpuSeconds } from "../support/cpu.ts";
import { residentBytes } from "../support/memory.ts";
import { readProcesses } from "../support/processes.ts";
import { percentile } from "../support/statistics.ts";
import type { Ledger } from "./ledger.ts";

/** Measured values over time; a value is null where there was nothing to measure. */
export interface Series {
  /** Seconds since the load began. */
  time: number[];
  /** By name of what is measured: as many values as `time` has. */
  values: Record<string, (number | null)[]>;
}

const MIB = 2 ** 20;

/** Tables that the engine writes while it works. */
const TABLES = [
  "public.job",
  "public.job_logs",
  "private.job_attempt",
  "private.job_start",
  "private.job_linger",
  "private.lane_cursor",
  "private.dispatcher",
  "net.http_request_queue",
  "net._http_response",
  "cron.job_run_details",
];

export interface SampleOptions {
  admin: postgres.Sql;
  ledger: Ledger;
  names: string[];
  /** Root processes of the parts, by what they are called in the report. */
  pids: () => Record<string, number>;
}

/** Everything measured now, by name. */
export async function takeSample(options: SampleOptions): Promise<Record<string, number | null>> {
  const { admin, ledger, names, pids } = options;
  return {
    ...await queue(admin, ledger, names),
    ...pickups(ledger, names),
    ...await processes(pids()),
    ...await tables(admin),
    ...await indexes(admin),
    ...await server(admin),
  };
}

/** Appends a sample to the series. */
export function append(
  series: Series,
  time: number,
  sample: Record<string, number | null>,
): void {
  series.time.push(Number(time.toFixed(2)));
  for (const [name, value] of Object.entries(sample)) {
    const values = series.values[name] ??= Array(series.time.length - 1).fill(null);
    values.push(value === null ? null : Number(value.toPrecision(6)));
  }
}

async function queue(admin: postgres.Sql, ledger: Ledger, names: string[]) {
  const [row] = await admin`
    select (select count(*) from public.job where state = 'pending' and next_run_at is null)::integer as waiting,
      (select count(*) from public.job where state = 'pending' and next_run_at is not null)::integer as delayed,
      (select count(*) from public.job where state = 'running')::integer as running,
      (select count(*) from (
        select from public.job j left join public.job_config c on c.job_name = j.job_name
        where j.state = 'running' and j.job_name = any (${names})
        group by j.job_name, j.lane, c.concurrency_limit
        having count(*) > coalesce(c.concurrency_limit, 1)) over_limit)::integer as "lanes over limit"`;
  return { ...row, queued: ledger.queued.size, runs: ledger.runs.length };
}

function pickups(ledger: Ledger, names: string[]) {
  const values = names.flatMap((name) => {
    const times = ledger.pickups.get(name) ?? [];
    return [50, 99].map((p) => {
      return [`pickup p${p} ${name}`, times.length ? percentile(times, p) : null] as const;
    });
  });
  ledger.pickups.clear();
  return Object.fromEntries(values);
}

async function processes(pids: Record<string, number>) {
  const all = await readProcesses();
  const measured = await Promise.all(
    Object.entries(pids).map(async ([part, pid]) => ({
      [`memory ${part}`]: await residentBytes(pid, all) / MIB,
      [`processor ${part}`]: await processCpuSeconds(pid, all),
    })),
  );
  return Object.assign({}, ...measured);
}

async function tables(admin: postgres.Sql) {
  const rows = await admin`
    select format('%s.%s', s.schemaname, s.relname) as name, s.n_live_tup::float8 as live,
      s.n_dead_tup::float8 as dead, s.n_tup_upd::float8 as updates, s.n_tup_hot_upd::float8 as hot,
      (s.vacuum_count + s.autovacuum_count)::float8 as vacuums, pg_table_size(s.relid)::float8 as bytes
    from pg_stat_user_tables s
    where format('%s.%s', s.schemaname, s.relname) = any (${TABLES})`;
  return Object.fromEntries(rows.flatMap((row) => [
    [`size ${row.name}`, row.bytes / MIB],
    ...["live", "dead", "updates", "hot", "vacuums"].map((what) => [
      `${what} ${row.name}`,
      row[what] as number,
    ]),
  ]));
}

async function indexes(admin: postgres.Sql) {
  const rows = await admin`
    select s.indexrelname as name, pg_relation_size(s.indexrelid)::float8 as bytes
    from pg_stat_user_indexes s
    where format('%s.%s', s.schemaname, s.relname) = any (${TABLES})`;
  return Object.fromEntries(rows.map((row) => [`index ${row.name}`, row.bytes / MIB]));
}

async function server(admin: postgres.Sql) {
  const [row] = await admin`
    select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as wal,
      coalesce((select max(age(a.backend_xmin)) from pg_stat_activity a), 0)::float8 as horizon`;
  return { wal: row!.wal / MIB, horizon: row!.horizon };
}
