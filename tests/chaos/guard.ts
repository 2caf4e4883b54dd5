// Takes a guard out of the engine, to show that a scenario would miss it.
import type postgres from "postgres";

/** A change to functions of the engine that makes them wrong. */
export interface Guard {
  /** What is taken away, in words. */
  what: string;
  changes?: { function: string; from: string; to: string }[];
  /** Statements that take it away, where it is no function's. */
  sql?: string;
}

/** Changes the functions in place; throws if one does not contain the text any more. */
export async function applyGuardBreak(sql: postgres.Sql, guard: Guard): Promise<void> {
  if (guard.sql) await sql.unsafe(guard.sql).simple();
  for (const { function: name, from, to } of guard.changes ?? []) {
    const [row] = await sql<{ source: string }[]>`
      select pg_get_functiondef(${name}::regproc) as source`;
    if (!row!.source.includes(from)) {
      throw new Error(`${name} does not contain "${from}": write the guard of its scenario anew`);
    }
    await sql.unsafe(row!.source.replaceAll(from, to));
  }
}
