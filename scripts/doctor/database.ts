import { pendingMigrations } from "../../stack/migrate.ts";
import type { Check } from "./check.ts";

const EXTENSIONS: Record<string, string> = {
  pg_cron: "pg_catalog",
  pg_net: "extensions",
  pgcrypto: "extensions",
  supabase_vault: "vault",
};

/** The database is there. */
export const database: Check = {
  name: "database",
  async look({ sql }) {
    const [row] = await sql`select current_setting('server_version') as version`;
    return { ok: `PostgreSQL ${row!.version}` };
  },
};

/** Nothing of supabase/migrations is missing. */
export const migrations: Check = {
  name: "migrations",
  needs: ["database"],
  async look({ sql, projectDir }) {
    const pending = await pendingMigrations(sql, projectDir);
    if (pending.length === 0) return { ok: "all are applied" };
    return {
      problem: `not applied: ${pending.join(", ")}`,
      remedy: { command: "npx supabase db push --remote  # or --remote=DATABASE_URL" },
    };
  },
};

/** The extensions are installed. */
export const extensions: Check = {
  name: "extensions",
  needs: ["database"],
  async look({ sql }) {
    const rows = await sql<{ name: string; version: string }[]>`
      select extname as name, extversion as version from pg_extension
      where extname = any(${Object.keys(EXTENSIONS)}) order by extname`;
    const missing = Object.keys(EXTENSIONS).filter((name) =>
      !rows.some((row) => row.name === name)
    );
    if (missing.length === 0) {
      return { ok: rows.map(({ name, version }) => `${name} ${version}`).join(", ") };
    }
    return {
      problem: `not installed: ${missing.join(", ")}`,
      remedy: {
        sql: missing
          .map((name) => `create extension if not exists ${name} with schema ${EXTENSIONS[name]};`)
          .join("\n"),
      },
    };
  },
};

/** The triggers that check, log and ring are on. */
export const triggers: Check = {
  name: "triggers",
  needs: ["migrations"],
  async look({ sql }) {
    const rows = await sql<{ name: string }[]>`
      select tgname as name from pg_trigger
      where tgrelid = 'public.job'::regclass and not tgisinternal and tgenabled = 'D'`;
    if (rows.length === 0) return { ok: "on" };
    return {
      problem: `disabled: ${rows.map((row) => row.name).join(", ")}`,
      remedy: {
        sql: rows.map((row) => `alter table public.job enable trigger ${row.name};`).join("\n"),
      },
    };
  },
};
