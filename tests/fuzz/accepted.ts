// The refusals that are right. Everything else that is raised is a finding.
import type { Case } from "./cases.ts";

/** An error as Postgres reports it. */
export interface Refusal {
  code: string;
  message: string;
  /** The stack of SQL functions in which it was raised. */
  where?: string;
}

interface Rule {
  /** What is accepted, for the summary and for docs/reliability.md. */
  what: string;
  accepts(refusal: Refusal, one: Case): boolean;
}

const insideFunction = ({ where }: Refusal) => /(PL\/pgSQL|SQL) function/.test(where ?? "");

/** The example functions of migration 990000 are security invoker and speak as their tables do. */
const EXAMPLES = /^(save_feed_poll|import_contacts_chunk|save_document_index|prune_feed_items)$/;

export const ACCEPTED: Rule[] = [
  {
    what: "JQ…: the engine's own, each with a sentence",
    accepts: ({ code, message }) => /^JQ\d{3}$/.test(code) && message.length > 10,
  },
  {
    what: "42501: the role has no privilege (checked against the catalogue)",
    accepts: ({ code }, one) => code === "42501" && !one.privileged,
  },
  {
    what: "42501 of a row-level security policy, on a table",
    accepts: ({ code, message }, one) =>
      code === "42501" && one.kind === "table" && message.includes("row-level security"),
  },
  {
    what: "22…, 54…: the argument is no value of its type, refused before the function begins",
    accepts: (refusal) => /^(22|54)/.test(refusal.code) && !insideFunction(refusal),
  },
  {
    what: "23502, 23503, 23505, 23514 of the table API: a constraint, as on every table",
    accepts: (refusal, one) =>
      /^(23502|23503|23505|23514)$/.test(refusal.code) && one.kind === "table" &&
      !insideFunction(refusal),
  },
  {
    what: "428C9 of the table API: a generated column",
    accepts: ({ code }, one) => code === "428C9" && one.kind === "table",
  },
  {
    what: "commit_job: whatever the function that it calls raises, but no internal error",
    accepts: ({ code }, one) => one.calls?.name === "commit_job" && !/^XX/.test(code),
  },
  {
    what: "the examples' functions: constraints and JSON of their own tables (22…, 23…, 42501)",
    accepts: ({ code }, one) => EXAMPLES.test(one.calls?.name ?? "") && /^(22|23|42501)/.test(code),
  },
];

/** Which rule accepts a refusal; undefined: a finding. */
export function acceptedAs(refusal: Refusal, one: Case): string | undefined {
  return ACCEPTED.find((rule) => rule.accepts(refusal, one))?.what;
}
