import type postgres from "postgres";
import type { Secrets } from "../support/vault.ts";

/** What mends a fault: SQL for the SQL editor, a command for this folder, or what to do by hand. */
export type Remedy = { sql: string } | { command: string } | { todo: string };

/** What a check found. `unknown`: it could not be looked at from here, and why. */
export type Finding =
  | { ok: string }
  | { unknown: string }
  | { problem: string; remedy: Remedy };

/** What the checks look at. */
export interface Context {
  sql: postgres.Sql;
  projectDir: string;
  /** The API as this machine reaches it; null: not known. */
  apiUrl: string | null;
  apiKey: string | null;
  secrets: Secrets;
}

/** One link of the chain. */
export interface Check {
  name: string;
  /** Checks without which this one says nothing new. */
  needs?: string[];
  look(context: Context): Promise<Finding>;
}

/** A check's finding, or that a link before it is broken. */
export type Outcome = { name: string } & (Finding | { skipped: string });

/** Looks at one link after the other. */
export async function runChecks(
  checks: Check[],
  context: Context,
  report: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const broken = new Set<string>();
  for (const { name, needs = [], look } of checks) {
    const missing = needs.find((need) => broken.has(need));
    const outcome: Outcome = missing
      ? { name, skipped: `mend ${missing} first` }
      : { name, ...await look(context).catch(failure) };
    if (!("ok" in outcome) && !("unknown" in outcome)) broken.add(name);
    outcomes.push(outcome);
    report(outcome);
  }
  return outcomes;
}

function failure(error: unknown): Finding {
  return {
    problem: `it could not be looked at: ${error instanceof Error ? error.message : error}`,
    remedy: { todo: "read the message; is this the database of this project?" },
  };
}
