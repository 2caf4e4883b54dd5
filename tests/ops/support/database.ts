// A migrated database with a user and a filled Vault, in which nothing runs by itself.
import postgres from "postgres";
import { migrate } from "../../support/migrate.ts";
import { startTemporaryDatabase, type TemporaryDatabase } from "../../support/temporary.ts";

/** What an operations test works with. */
export interface Given {
  database: TemporaryDatabase;
  /** As postgres, as the dashboard's SQL editor. */
  sql: postgres.Sql;
  ada: string;
  bob: string;
}

/** Runs the steps one after the other on one database. */
export async function withDatabase(use: (given: Given) => Promise<void>): Promise<void> {
  const database = await startTemporaryDatabase();
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  try {
    await migrate(database.url);
    await sql`select vault.create_secret('http://127.0.0.1:1', 'supabase_url'),
      vault.create_secret('a secret of at least thirty-two characters', 'app.jwt_secret')`;
    await use({ database, sql, ada: await addUser(sql, "ada"), bob: await addUser(sql, "bob") });
  } finally {
    await sql.end();
    await database.stop();
  }
}

async function addUser(sql: postgres.Sql, name: string): Promise<string> {
  const id = crypto.randomUUID();
  const email = `${name}@example.com`;
  await sql`insert into auth.users (id, email) values (${id}, ${email})`;
  return id;
}

/** Queues a job without a client. */
export async function queue(
  sql: postgres.Sql,
  userId: string | null,
  name: string,
  options: { maxRetries?: number; uniqueKey?: string; runAt?: string } = {},
): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    select private.queue_job_for_user(${userId}, ${name}, '{}', ${options.maxRetries ?? 3},
      ${options.runAt ?? null}, 0, ${options.uniqueKey ?? null}) as id`;
  return row!.id;
}

/** The state of each job, in the order of the ids. */
export async function states(sql: postgres.Sql, ids: string[]): Promise<string[]> {
  const rows = await sql<{ id: string; state: string }[]>`
    select id, state from public.job where id = any(${ids})`;
  return ids.map((id) => rows.find((row) => row.id === id)?.state ?? "(gone)");
}
