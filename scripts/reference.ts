// npm run reference: writes docs/sql-reference.md from the comments in the database.
import postgres from "postgres";
import { type Generated, write } from "./support/generated.ts";
import { readFunctions, readTables, type SqlFunction, type SqlTable } from "./support/catalog.ts";
import { withMigratedDatabase } from "./support/scratch.ts";

const SCHEMAS = [
  { name: "public", about: "For apps and functions: reachable over the API, as far as granted." },
  { name: "private", about: "The engine. Granted to no API role; for operators and migrations." },
];

/** Tables, views, columns and functions with their comments and who may use them. */
export const reference: Generated = {
  path: "docs/sql-reference.md",
  script: "reference",
  async make(databaseUrl) {
    const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
    try {
      const lines = [
        "# SQL reference",
        "",
        "Generated from the comments in the migrations by `npm run reference`. Do not edit.",
        "",
      ];
      for (const { name, about } of SCHEMAS) {
        lines.push(`## Schema ${name}`, "", about, "");
        lines.push("### Functions", "");
        for (const fn of await readFunctions(sql, name)) lines.push(...describeFunction(fn));
        lines.push("### Tables and views", "");
        for (const table of await readTables(sql, name)) lines.push(...describeTable(table));
      }
      return lines.join("\n").trimEnd() + "\n";
    } finally {
      await sql.end();
    }
  },
};

function describeFunction(fn: SqlFunction): string[] {
  return [
    `#### ${fn.name}`,
    "",
    "```sql",
    `${fn.name}(${fn.arguments}) returns ${fn.returns}`,
    "```",
    "",
    ...(fn.comment ? [fn.comment, ""] : []),
    ...(fn.callers.length > 0 ? [`Called by: ${fn.callers.join(", ")}.`, ""] : []),
  ];
}

function describeTable(table: SqlTable): string[] {
  return [
    `#### ${table.name}${table.kind === "view" ? " (view)" : ""}`,
    "",
    ...(table.comment ? [table.comment, ""] : []),
    "| column | type | |",
    "|---|---|---|",
    ...table.columns.map(({ name, type, comment }) =>
      `| \`${name}\` | ${type} | ${(comment ?? "").replaceAll("|", "\\|")} |`
    ),
    "",
  ];
}

if (import.meta.main) await withMigratedDatabase(({ url }) => write(reference, url));
