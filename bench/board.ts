// What each page of the board asks first, with a million jobs: as a user, as one with very many jobs, as an operator.
import postgres from "postgres";
import { makeBoardHistory } from "./support/board_history.ts";
import {
  type BenchDatabase,
  makeUsers,
  postgresSettings,
  startBenchDatabase,
} from "./support/database.ts";
import type { BenchOptions } from "./support/options.ts";
import type { Result, Row } from "./support/report.ts";
import { median, milliseconds } from "./support/statistics.ts";

const USERS = 10_000;
const ENDED = 1_000_000;
const DUE = 100_000;
const CLAIM_MS = 50;

const PAGES: Record<string, string> = {
  "overview, hour": "public.board_overview('hour')",
  "overview, day": "public.board_overview('day')",
  "overview, week": "public.board_overview('week')",
  "list": "public.board_jobs()",
  "list, failed": `public.board_jobs('{"states": ["failed"]}')`,
  "list, a rare name": `public.board_jobs('{"job_name": "bench-19"}')`,
  "list, by error": `public.board_jobs('{"error": "answered 500"}')`,
  "list, by body": `public.board_jobs('{"body": {"n": 5}}')`,
  "counts": "public.board_counts()",
  "counts, a name": `public.board_counts('{"job_name": "bench-3"}')`,
  "preview of a deletion": "public.board_apply('delete', null, '{}', true)",
  "names": "public.board_names()",
  "schedules": "public.board_schedules()",
  "job":
    "public.board_job((public.board_jobs(_limit => 1) -> 'jobs' -> 0 ->> 'id')::uuid) /* with the list it comes from */",
};

/** Database time of each page's first query; keeps the plans. */
export async function board(options: BenchOptions): Promise<Result> {
  const runs = options.runs ?? 7;
  const database = await startBenchDatabase();
  try {
    const { admin } = database;
    const users = await makeUsers(admin, USERS);
    await makeBoardHistory(admin, { users, ended: options.jobs ?? ENDED, due: DUE });
    const callers = {
      user: claims(users[76]!),
      "user with a tenth of all jobs": claims(users[0]!),
      operator: claims(users[1]!, { job_role: "operator" }),
    };

    const rows: Row[] = [];
    const cpu: string[] = [];
    for (const [who, caller] of Object.entries(callers)) {
      const session = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
      try {
        await become(session, caller);
        const before = await database.cpuSeconds();
        for (const [page, call] of Object.entries(PAGES)) {
          rows.push(await measure(session, `${who}: ${page}`, call, runs));
        }
        const spent = await database.cpuSeconds() - before;
        const calls = Object.keys(PAGES).length * (runs + 2);
        cpu.push(`${who} ${(spent / calls * 1000).toFixed(1)} ms`);
      } finally {
        await session.end();
      }
    }
    await Deno.writeTextFile(
      new URL("./plans/board.txt", import.meta.url),
      await plans(database, callers),
    );
    return {
      bench: "board",
      configuration: {
        runs,
        "each figure":
          "one call from a session that has made it twice before, as the role authenticated",
        history: `${
          options.jobs ?? ENDED
        } ended jobs with attempts, ${DUE} waiting, 200 running, 20 names, ${USERS} users`,
        "Postgres's processor time, mean of all calls": cpu.join(", "),
        plans: "bench/plans/board.txt",
        ...await postgresSettings(database.sql),
      },
      rows,
    };
  } finally {
    await database.stop();
  }
}

function claims(user: string, appMetadata: Record<string, string> = {}): string {
  return JSON.stringify({ sub: user, role: "authenticated", app_metadata: appMetadata });
}

async function become(session: postgres.Sql, claims: string): Promise<void> {
  await session`select set_config('request.jwt.claims', ${claims}, false), set_config('role', 'authenticated', false)`;
}

async function measure(
  session: postgres.Sql,
  what: string,
  call: string,
  runs: number,
): Promise<Row> {
  const times: number[] = [];
  for (let run = -2; run < runs; run++) {
    const time = await milliseconds(() => session.unsafe(`select ${call}`));
    if (run >= 0) times.push(time);
  }
  const value = median(times);
  return {
    what,
    value,
    unit: "ms",
    runs: times,
    target: { claim: `at most ${CLAIM_MS} ms`, met: value <= CLAIM_MS },
  };
}

/** The plans of all statements of 1 ms or more, by auto_explain. */
async function plans(database: BenchDatabase, callers: Record<string, string>): Promise<string> {
  const parts = [
    `Statements that took 1 ms or more within each page's first query, with ${ENDED} ended and ${DUE} waiting jobs.\n` +
    "Made by: npm run bench board",
  ];
  let found: string[] = [];
  const sql = postgres(database.adminUrl, {
    max: 1,
    onnotice: (notice) => found.push(notice.message ?? ""),
  });
  try {
    await sql`load 'auto_explain'`;
    for (const [who, caller] of Object.entries(callers)) {
      for (const [page, call] of Object.entries(PAGES)) {
        await sql.unsafe("reset role; set auto_explain.log_min_duration = -1").simple();
        await sql`select set_config('request.jwt.claims', ${caller}, false)`;
        await sql.unsafe(`select ${call}`);
        await sql.unsafe(`set auto_explain.log_min_duration = 1; set auto_explain.log_analyze = on;
          set auto_explain.log_buffers = on; set auto_explain.log_nested_statements = on;
          set client_min_messages = log; set role authenticated`).simple();
        found = [];
        await sql.unsafe(`select ${call}`);
        const statements = found.filter((text) => text.startsWith("duration:"));
        parts.push(
          `== ${who}: ${page}: ${call}`,
          ...(statements.length > 0 ? statements : ["less than 1 ms"]),
        );
      }
    }
  } finally {
    await sql.end();
  }
  return parts.join("\n\n") + "\n";
}
