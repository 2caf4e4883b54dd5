// The database of a fuzz run, and the state each batch begins with.
import postgres from "postgres";
import { migrate } from "../support/migrate.ts";
import { startTemporaryDatabase } from "../support/temporary.ts";
import { type Catalog, readCatalog } from "./catalog.ts";
import { USERS } from "./known.ts";

export const JWT_SECRET = "secret-of-the-project-with-at-least-32-characters";

export interface World {
  /** The one session, as the superuser, whose clock is frozen. */
  sql: postgres.Sql;
  catalog: Catalog;
  /** Warnings of the engine, counted by their text without ids. */
  warnings: Map<string, number>;
  stop(): Promise<void>;
}

/** Boots a database of its own, migrated and watched. */
export async function createWorld(): Promise<World> {
  const database = await startTemporaryDatabase();
  const warnings = new Map<string, number>();
  const sql = postgres(database.adminUrl, {
    max: 1,
    prepare: false,
    // As text: what is nested deeply enough is more than a parser bears.
    types: { jsonb: { to: 3802, from: [3802], serialize: String, parse: String } },
    onnotice: ({ severity, message = "" }) => {
      if (severity !== "WARNING") return;
      const text = message.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "…").slice(0, 160);
      warnings.set(text, (warnings.get(text) ?? 0) + 1);
    },
  });
  const stop = async () => {
    await sql.end({ timeout: 5 });
    await database.stop();
  };
  try {
    await migrate(database.url);
    const catalog = await readCatalog(sql);
    await sql.unsafe(await Deno.readTextFile(new URL("./watch.sql", import.meta.url))).simple();
    await sql`select vault.create_secret('http://127.0.0.1:1', 'supabase_url'),
      vault.create_secret(${JWT_SECRET}, 'app.jwt_secret')`;
    return { sql, catalog, warnings, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Forgets everything, and makes the users, the limits and the jobs that every batch begins with. */
export async function resetWorld({ sql }: World, seed: number, batch: number): Promise<void> {
  const users = Object.entries(USERS).map(([name, id]) => `('${id}', '${name}@example.test')`);
  await sql.unsafe(`
    select set_config('private.frozen_now', '2030-01-01 00:00:00+00', false);
    select setseed(${(seed * 31 + batch) % 1000} / 1000.0);
    truncate public.job, public.job_logs, private.job_attempt, private.job_step, private.job_start,
      private.job_linger, private.lane_cursor, private.net_life, public.job_schedule, public.job_config,
      net.http_request_queue, net._http_response,
      fuzz.change, fuzz.fault, fuzz.ended, fuzz.gone cascade;
    delete from auth.users where true;
    insert into auth.users (id, email) values ${users.join(", ")};
    insert into public.job_config (job_name, concurrency_limit, global_concurrency_limit, rate_limit,
      max_pending, linger_seconds) values
      ('fuzz-one', 1, null, null, null, 0), ('fuzz-two', 2, 3, null, null, 5),
      ('fuzz-rated', 3, null, 5, null, 0), ('fuzz-full', 2, null, null, 3, 0),
      ('fuzz-config', 2, 4, null, null, 0), ('fuzz-fair', 1, 1, null, null, 0);
    select private.queue_job_for_user(u.id, n, jsonb_build_object('secret', 'secret-of-'
      || split_part(u.email, '@', 1))) from auth.users u, unnest('{fuzz-one,fuzz-one,fuzz-two}'::text[]) n
      order by u.id, n;
    select private.queue_job_for_user(null, 'fuzz-two'), private.run_jobs();
    truncate fuzz.change;
  `).simple();
}
