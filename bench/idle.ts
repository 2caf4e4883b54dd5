// What an idle database costs: one hour's worth of scheduled calls on an empty queue.
import postgres from "postgres";
import { postgresSettings, startBenchDatabase } from "./support/database.ts";
import type { BenchOptions } from "./support/options.ts";
import type { Result } from "./support/report.ts";

/** Idle: processor time, rows written and growth of an hour of ticks. */
export async function idle(_options: BenchOptions): Promise<Result> {
  const database = await startBenchDatabase();
  try {
    const { sql, admin } = database;
    const schedules = await sql`select jobname, schedule, command from cron.job
      where command ~ '^select private[.](run_jobs|process_jobs|reset_stuck_jobs|queue_scheduled_jobs|count_jobs|prune_jobs)' order by jobname`;
    const calls = schedules.map((row) => ({
      name: row.jobname as string,
      command: row.command as string,
      perHour: callsPerHour(row.schedule),
    }));
    for (const call of calls) for (let run = 0; run < 10; run++) await sql.unsafe(call.command);
    await sql`select pg_stat_force_next_flush()`;
    await sql`select 1`;
    await admin.unsafe("vacuum");

    const before = await state(admin);
    const rows: Result["rows"] = [];
    let total = 0;
    for (const call of calls) {
      const cpu = await database.cpuSeconds();
      for (let run = 0; run < call.perHour; run++) {
        await inItsOwnSession(database.url, call.command);
      }
      const seconds = await database.cpuSeconds() - cpu;
      total += seconds;
      rows.push({
        what: `${call.name}, ${call.perHour} calls: processor time`,
        value: seconds,
        unit: "s",
      });
    }
    const after = await state(admin);
    rows.push(
      { what: "an hour: processor time", value: total, unit: "s" },
      { what: "an hour: share of one core", value: total / 36, unit: "%" },
      { what: "an hour: rows inserted", value: after.inserted - before.inserted, unit: "rows" },
      { what: "an hour: rows updated", value: after.updated - before.updated, unit: "rows" },
      { what: "an hour: rows deleted", value: after.deleted - before.deleted, unit: "rows" },
      { what: "an hour: WAL", value: (after.wal - before.wal) / 1024, unit: "KiB" },
      {
        what: "an hour: growth of the engine's tables",
        value: (after.size - before.size) / 1024,
        unit: "KiB",
        target: { claim: "nothing grows", met: after.size - before.size <= 0 },
      },
    );
    return {
      bench: "idle",
      configuration: {
        calls: calls.map((call) => `${call.perHour} ${call.name}`).join(", ") +
          ", one after the other, each in a session of its own, as pg_cron runs them",
        "not included": "pg_cron's own work and its row of cron.job_run_details for each run, " +
          "which prune-jobs deletes after a day",
        ...await postgresSettings(sql),
      },
      rows,
    };
  } finally {
    await database.stop();
  }
}

async function inItsOwnSession(url: string, command: string): Promise<void> {
  const session = postgres(url, { max: 1, fetch_types: false, onnotice: () => {} });
  try {
    await session.unsafe(command);
  } finally {
    await session.end();
  }
}

interface State {
  inserted: number;
  updated: number;
  deleted: number;
  /** Bytes of the tables with their indexes. */
  size: number;
  /** Bytes of WAL written since the cluster was made. */
  wal: number;
}

function callsPerHour(schedule: string): number {
  const seconds = /^(\d+) seconds$/.exec(schedule);
  if (seconds) return 3600 / Number(seconds[1]);
  const minutes = /^\*(?:\/(\d+))? \* \* \* \*$/.exec(schedule);
  if (minutes) return 60 / Number(minutes[1] ?? 1);
  throw new Error(
    `expected "N seconds", "* * * * *" or "*/N * * * *" as a schedule, found "${schedule}"`,
  );
}

async function state(admin: postgres.Sql): Promise<State> {
  const [row] = await admin`
    select sum(n_tup_ins)::float8 as inserted, sum(n_tup_upd)::float8 as updated, sum(n_tup_del)::float8 as deleted,
      sum(pg_total_relation_size(relid))::float8 as size,
      pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as wal
    from pg_stat_user_tables
    where schemaname = 'private' or schemaname = 'net' or (schemaname = 'public' and relname ~ '^job')`;
  return row as State;
}
