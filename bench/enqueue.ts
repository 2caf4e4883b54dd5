// What queue_job costs beside the insert it makes, and how fast queue_jobs is.
import type postgres from "postgres";
import { clearJobs, makeUsers, postgresSettings, startBenchDatabase } from "./support/database.ts";
import type { BenchOptions } from "./support/options.ts";
import type { Result, Row } from "./support/report.ts";
import { median, milliseconds } from "./support/statistics.ts";

const SESSIONS = 8;
const NAME = "bench-noop";
const BULK = 1000;

type Enqueue = (sql: postgres.Sql, user: string) => Promise<unknown>;

const ways: Record<string, Enqueue> = {
  "queue_job": (sql) => sql`select public.queue_job(${NAME}, '{"n": 1}')`,
  "bare insert": (sql, user) =>
    sql`insert into public.job (user_id, job_name, request_body)
      values (${user}, ${NAME}, '{"n": 1}') returning id`,
};

/** Enqueue: queue_job beside a bare insert of the same row, with and without the engine's triggers. */
export async function enqueue(options: BenchOptions): Promise<Result> {
  const runs = options.runs ?? 3;
  const jobs = options.jobs ?? 1600;
  const database = await startBenchDatabase();
  try {
    const { admin } = database;
    const users = await makeUsers(admin, SESSIONS);
    const sessions = await database.sessions(SESSIONS);
    const settings = [
      { what: "1 session", sessions: sessions.slice(0, 1), users },
      { what: "8 sessions, 8 users", sessions, users },
      { what: "8 sessions, 1 user", sessions, users: Array(SESSIONS).fill(users[0]!) as string[] },
    ];
    const measured = new Map<string, number[]>();
    const note = (name: string, value: number) =>
      measured.set(name, [...measured.get(name) ?? [], value]);

    for (let run = 0; run < runs; run++) {
      for (const setting of settings) {
        for (const [way, enqueueOne] of Object.entries(ways)) {
          note(`${setting.what}: ${way}`, await spread(admin, setting, enqueueOne, jobs));
        }
        await admin`alter table public.job disable trigger user`;
        note(
          `${setting.what}: insert, triggers off`,
          await spread(admin, setting, ways["bare insert"]!, jobs),
        );
        await admin`alter table public.job enable trigger user`;
      }
      note("queue_jobs", await bulk(admin, sessions[0]!, users[0]!));
    }

    const rows: Row[] = [];
    for (const { what } of settings) {
      const ours = median(measured.get(`${what}: queue_job`)!);
      for (const way of ["queue_job", "bare insert", "insert, triggers off"]) {
        const values = measured.get(`${what}: ${way}`)!;
        rows.push({
          what: `${what}: ${way}`,
          value: median(values),
          unit: "ms each",
          runs: values,
        });
      }
      for (const way of ["bare insert", "insert, triggers off"]) {
        const ratio = ours / median(measured.get(`${what}: ${way}`)!);
        rows.push({
          what: `${what}: queue_job / ${way}`,
          value: ratio,
          unit: "x",
          target: { claim: "at most 2", met: ratio <= 2 },
        });
      }
    }
    const rates = measured.get("queue_jobs")!;
    rows.push({
      what: `queue_jobs, ${BULK} in a call`,
      value: median(rates),
      unit: "jobs/s",
      runs: rates,
      target: { claim: "at least 10,000", met: median(rates) >= 10_000 },
    });
    return {
      bench: "enqueue",
      configuration: {
        jobs: `${jobs}, each a transaction of its own`,
        runs,
        "ms each": "time of a session for one job; the user's claims are set, as under the API",
        "triggers off": "the bare insert without the engine's log line, checks and ring",
        ...await postgresSettings(database.sql),
      },
      rows,
    };
  } finally {
    await database.stop();
  }
}

async function spread(
  admin: postgres.Sql,
  setting: { sessions: postgres.Sql[]; users: string[] },
  enqueueOne: Enqueue,
  jobs: number,
): Promise<number> {
  await clearJobs(admin);
  const each = Math.ceil(jobs / setting.sessions.length);
  await Promise.all(setting.sessions.map((sql, place) => actAs(sql, setting.users[place]!)));
  const elapsed = await milliseconds(() =>
    Promise.all(setting.sessions.map(async (sql, place) => {
      for (let n = 0; n < each; n++) await enqueueOne(sql, setting.users[place]!);
    }))
  );
  return elapsed / each;
}

async function bulk(admin: postgres.Sql, sql: postgres.Sql, user: string): Promise<number> {
  await clearJobs(admin);
  await actAs(sql, user);
  const jobs = Array.from({ length: BULK }, (_, n) => ({ job_name: NAME, request_body: { n } }));
  const calls = 10;
  const elapsed = await milliseconds(async () => {
    for (let call = 0; call < calls; call++) {
      await sql`select count(*) from public.queue_jobs(${sql.json(jobs)})`;
    }
  });
  return BULK * calls / elapsed * 1000;
}

async function actAs(sql: postgres.Sql, user: string): Promise<void> {
  const claims = JSON.stringify({ sub: user, role: "authenticated" });
  await sql`select set_config('request.jwt.claims', ${claims}, false)`;
}
