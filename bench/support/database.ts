// A migrated Postgres of its own for a bench, which is removed afterwards.
import postgres from "postgres";
import { processCpuSeconds } from "./cpu.ts";
import { migrate } from "../../tests/support/migrate.ts";
import { startTemporaryDatabase } from "../../tests/support/temporary.ts";

/** A database to measure. */
export interface BenchDatabase {
  url: string;
  adminUrl: string;
  /** Seconds of processor time that Postgres has used so far. */
  cpuSeconds(): Promise<number>;
  /** One session as `postgres`. */
  sql: postgres.Sql;
  /** One session as superuser. */
  admin: postgres.Sql;
  /** `count` connected sessions, as `postgres` or as superuser. */
  sessions(count: number, as?: "postgres" | "admin"): Promise<postgres.Sql[]>;
  stop(): Promise<void>;
}

/** Starts Postgres with fsync, applies the migrations and seeds the vault's two secrets. */
export async function startBenchDatabase(): Promise<BenchDatabase> {
  const database = await startTemporaryDatabase({ fsync: true });
  const open: postgres.Sql[] = [];
  const connect = (url: string) => {
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    open.push(sql);
    return sql;
  };
  try {
    await migrate(database.url);
    const sql = connect(database.url);
    await sql`
      select vault.create_secret('http://127.0.0.1:9', 'supabase_url'),
        vault.create_secret('super-secret-jwt-token-with-at-least-32-characters-long', 'app.jwt_secret')
      where not exists (select from vault.secrets where name = 'supabase_url')`;
    return {
      url: database.url,
      adminUrl: database.adminUrl,
      cpuSeconds: () => processCpuSeconds(database.pid),
      sql,
      admin: connect(database.adminUrl),
      sessions: (count, as = "postgres") =>
        Promise.all(Array.from({ length: count }, async () => {
          const session = connect(as === "admin" ? database.adminUrl : database.url);
          await session`select 1`;
          return session;
        })),
      stop: async () => {
        await Promise.all(open.map((session) => session.end({ timeout: 5 })));
        await database.stop();
      },
    };
  } catch (error) {
    await Promise.all(open.map((session) => session.end({ timeout: 1 })));
    await database.stop();
    throw error;
  }
}

/** Makes `count` users; returns their ids. */
export async function makeUsers(admin: postgres.Sql, count: number): Promise<string[]> {
  const rows = await admin`
    insert into auth.users (id, email)
    select id, 'bench-' || id || '@example.com'
    from (select gen_random_uuid() as id from generate_series(1, ${count}::integer)) made
    returning id`;
  return rows.map((row) => row.id);
}

/** Settings of the Postgres that matter for speed. */
export async function postgresSettings(sql: postgres.Sql): Promise<Record<string, string>> {
  const names = ["server_version", "shared_buffers", "fsync", "synchronous_commit", "wal_level"];
  const rows = await sql`select name, setting || coalesce(' x ' || unit, '') as setting
    from pg_settings where name = any (${names}) order by name`;
  return Object.fromEntries(rows.map((row) => [row.name, row.setting]));
}

/** Empties what earlier runs left, so that each run starts from the same state. */
export async function clearJobs(admin: postgres.Sql): Promise<void> {
  await admin`truncate public.job, net.http_request_queue, net._http_response cascade`;
  await admin`delete from private.lane_cursor`;
  await admin.unsafe("vacuum (analyze) public.job, private.job_attempt, public.job_logs");
  await admin`checkpoint`;
}
