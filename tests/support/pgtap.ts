// Runs one pgTAP file on a connection of its own.
import * as fs from "node:fs/promises";
import * as path from "node:path";
import postgres from "postgres";
import { splitSqlStatements } from "@supabase/lite";
import { projectFolder } from "./files.ts";
import { addFailure, type Report } from "./report.ts";

/** Makes pgTAP available in a database. */
export async function installPgtap(adminUrl: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`create extension if not exists pgtap with schema extensions`;
  } catch (error) {
    throw new Error(
      "These tests need the extension pgTAP in the database, created by a superuser or, on hosted " +
        `Supabase, in the dashboard: ${error}`,
      { cause: error },
    );
  } finally {
    await sql.end();
  }
}

/** Runs a file statement by statement, reads the TAP lines, and rolls everything back. */
export async function runPgtapFile(
  adminUrl: string,
  file: string,
  report: Report,
): Promise<void> {
  const text = await fs.readFile(path.join(projectFolder, file), "utf8");
  const notices: string[] = [];
  const sql = postgres(adminUrl, {
    max: 1,
    prepare: false,
    connection: { application_name: `pgTAP ${path.basename(file)}` },
    onnotice: (notice) => notices.push(notice.message ?? ""),
  });
  const tap = { planned: null as number | null, ran: 0, passed: 0 };
  const started = performance.now();
  let position = 0;
  try {
    for (const statement of splitSqlStatements(text)) {
      const firstWords = statement.slice(0, 40);
      position = Math.max(position, text.indexOf(firstWords, position));
      for (const line of tapLines(await sql.unsafe(statement).simple())) {
        readTapLine(line, file, tap, report);
      }
      position += firstWords.length;
    }
    if (tap.planned !== tap.ran) {
      addFailure(report, file, `planned ${tap.planned ?? "nothing"}, but ${tap.ran} tests ran`);
    }
  } catch (error) {
    const line = text.slice(0, position).split("\n").length;
    addFailure(report, `${file}:${line}`, describe(error, notices));
  } finally {
    await sql.unsafe("rollback").simple().catch(() => {});
    await sql.end({ timeout: 5 });
  }
  const milliseconds = Math.round(performance.now() - started);
  console.log(`${tap.passed}/${tap.planned ?? tap.ran} ${file} (${milliseconds} ms)`);
}

/** All rows of one column that a statement (or several) returned, as lines. */
function tapLines(result: unknown): string[] {
  if (!Array.isArray(result)) return [];
  return result.flat().flatMap((row) => {
    const values = Object.values(row as Record<string, unknown>);
    return values.length === 1 && typeof values[0] === "string" ? values[0].split("\n") : [];
  });
}

function readTapLine(
  line: string,
  file: string,
  tap: { planned: number | null; ran: number; passed: number },
  report: Report,
): void {
  const plan = line.match(/^1\.\.(\d+)/);
  if (plan) {
    tap.planned = Number(plan[1]);
    return;
  }
  const test = line.match(/^(not )?ok (\d+)(?: - (.*?))?(?: # (SKIP|TODO).*)?$/i);
  if (!test) {
    if (line.startsWith("#")) console.log(`    ${line}`);
    return;
  }
  tap.ran++;
  if (test[4]?.toUpperCase() === "SKIP") {
    report.skipped++;
    tap.passed++;
  } else if (test[1] && test[4]?.toUpperCase() !== "TODO") {
    addFailure(report, `${file}: ${test[3] ?? `test ${test[2]}`}`, line);
  } else {
    report.passed++;
    tap.passed++;
  }
}

function describe(error: unknown, notices: string[]): string {
  const { message, detail, hint, where, code } = error as Record<string, string | undefined>;
  return [
    `${code ?? ""} ${message ?? error}`.trim(),
    detail && `detail: ${detail}`,
    hint && `hint: ${hint}`,
    where && `where: ${where}`,
    ...notices.slice(-5).map((notice) => `notice: ${notice}`),
  ].filter(Boolean).join("\n");
}
