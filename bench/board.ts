// What each page of the board asks first, with a million jobs: as a user, as one with very many jobs, as an operator.
import postgres from "postgres";
import { makeBoardHistory } from "./support/board_history.ts";
import { processCpuSeconds } from "./support/cpu.ts";
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
  const runs = options.runs ?? 20;
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
    const clock: Row[] = [];
    for (const [who, caller] of Object.entries(callers)) {
      const session = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
      try {
        const [backend] = await session`select pg_backend_pid() as pid`;
        await become(session, caller);
        for (const [page, call] of Object.entries(PAGES)) {
          const { cpu, times } = await measure(session, backend!.pid, call, runs);
          const target = { claim: `at most ${CLAIM_MS} ms`, met: cpu <= CLAIM_MS };
          rows.push({ what: `${who}: ${page}`, value: cpu, unit: "ms", target });
          clock.push({ what: `${who}: ${page}, by the clock`, value: median(times), unit: "ms" });
        }
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
        plans: "bench/plans/board.txt",
        ...await postgresSettings(database.sql),
      },
      rows: [...rows, ...clock],
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
  pid: number,
  call: string,
  runs: number,
): Promise<{ cpu: number; times: number[] }> {
  const times: number[] = [];
  let before = 0;
  for (let run = -2; run < runs; run++) {
    if (run === 0) before = await processCpuSeconds(pid);
    const time = await milliseconds(() => session.unsafe(`select ${call}`));
    if (run >= 0) times.push(time);
  }
  return { cpu: (await processCpuSeconds(pid) - before) / runs * 1000, times };
}

/** The plans of all statements of 5 ms or more, by auto_explain. */
async function plans(database: BenchDatabase, callers: Record<string, string>): Promise<string> {
  const parts = [
    `Statements that took 5 ms or more within each page's first query, with ${ENDED} ended and ${DUE} waiting jobs.\n` +
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
        await sql.unsafe(
          `set auto_explain.log_min_duration = 5; set auto_explain.log_parameter_max_length = 0; set auto_explain.log_analyze = on;
          set auto_explain.log_buffers = on; set auto_explain.log_nested_statements = on;
          set client_min_messages = log; set role authenticated`,
        ).simple();
        found = [];
        await sql.unsafe(`select ${call}`);
        const statements = found.filter((text) => text.startsWith("duration:")).map(shorten);
        parts.push(
          `== ${who}: ${page}: ${call}`,
          ...(statements.length > 0 ? statements : ["less than 5 ms"]),
        );
      }
    }
  } finally {
    await sql.end();
  }
  return parts.join("\n\n") + "\n";
}

/** A statement's first line and its plan. */
function shorten(text: string): string {
  const lines = text.split("\n");
  const plan = lines.findIndex((line) => line.includes("(cost="));
  return [...lines.slice(0, 2), ...lines.slice(plan)].join("\n");
}
