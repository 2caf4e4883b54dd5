// The whole local stack with the functions of bench/functions.
import postgres from "postgres";
import { fileURLToPath } from "node:url";
import { type Stack, startStack } from "../../stack/stack.ts";
import { temporaryFolder } from "../../tests/support/temporary.ts";
import { processCpuSeconds } from "./cpu.ts";
import { readProcesses } from "./processes.ts";
import { makeUsers } from "./database.ts";

export interface BenchStack {
  /** One session as `postgres`. */
  sql: postgres.Sql;
  /** One session as superuser. */
  admin: postgres.Sql;
  users: string[];
  dbUrl: string;
  adminUrl: string;
  apiUrl: string;
  /** Root processes of the parts. */
  pids(): Record<string, number>;
  /** Seconds of processor time used so far, by part. */
  cpuSeconds(): Promise<Record<string, number>>;
  stop(): Promise<void>;
}

/** Starts a stack of its own on free ports; stop() leaves nothing behind. */
export async function startBenchStack(users: number): Promise<BenchStack> {
  const dataDir = await temporaryFolder();
  let stack: Stack | null = null;
  try {
    stack = await startStack({
      dataDir,
      ports: "free",
      functionsDir: fileURLToPath(new URL("../functions", import.meta.url)),
      fsync: true,
      quiet: true,
    });
    const { processes, dbUrl, adminUrl, apiUrl } = stack;
    const pids = () => ({
      Postgres: processes.postgres!.pid,
      REST: processes.api.pid,
      functions: processes.functions.pid,
      pg_net: processes.net!.pid,
      pg_cron: processes.cron!.pid,
    });
    const sql = postgres(dbUrl, { max: 1, onnotice: () => {} });
    const admin = postgres(adminUrl, { max: 1, onnotice: () => {} });
    const stop = stack.stop;
    return {
      sql,
      admin,
      users: await makeUsers(admin, users),
      dbUrl,
      adminUrl,
      apiUrl,
      pids,
      cpuSeconds: async () => {
        const all = await readProcesses();
        const used = Object.entries(pids()).map(async ([part, pid]) => [
          part,
          await processCpuSeconds(pid, all),
        ]);
        return Object.fromEntries(await Promise.all(used));
      },
      stop: async () => {
        await Promise.all([sql.end({ timeout: 5 }), admin.end({ timeout: 5 })]);
        await stop();
        await Deno.remove(dataDir, { recursive: true });
      },
    };
  } catch (error) {
    await stack?.stop();
    await Deno.remove(dataDir, { recursive: true });
    throw error;
  }
}

/** Sets a name's limits; what is not given has the default. */
export async function configure(
  sql: postgres.Sql,
  name: string,
  options: { limit?: number; linger?: number } = {},
): Promise<void> {
  await sql`
    insert into public.job_config (job_name, concurrency_limit, linger_seconds)
    values (${name}, ${options.limit ?? 1}, ${options.linger ?? 0})
    on conflict (job_name) do update
    set concurrency_limit = excluded.concurrency_limit, linger_seconds = excluded.linger_seconds`;
}

/** Queues `jobs` jobs of a name in one statement, spread over the users. */
export async function queueMany(
  sql: postgres.Sql,
  options: { name: string; users: string[]; jobs: number; body?: postgres.JSONValue },
): Promise<void> {
  const jobs = Array.from({ length: options.jobs }, (_, n) => ({
    job_name: options.name,
    user_id: options.users[n % options.users.length]!,
    request_body: options.body ?? {},
  }));
  await sql`select count(*) from public.queue_jobs(${sql.json(jobs)})`;
}

/** Waits until no job of the name waits or runs; fails if one failed or time runs out. */
export async function untilDone(sql: postgres.Sql, name: string, seconds: number): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (true) {
    const [row] = await sql`
      select exists (select from public.job where job_name = ${name} and state = 'pending')
        or exists (select from public.job where job_name = ${name} and state = 'running') as open`;
    if (!row!.open) break;
    if (performance.now() > deadline) {
      const states = await sql`
        select state, count(*)::integer, max(public.explain_job(id)) as why
        from public.job where job_name = ${name} group by state`;
      throw new Error(
        `expected all jobs of ${name} done in ${seconds} s, found ${JSON.stringify(states)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const bad = await sql`
    select state, last_error from public.job
    where job_name = ${name} and (state <> 'completed' or retries > 0) limit 3`;
  if (bad.length > 0) {
    throw new Error(
      `expected jobs completed at the first try, found ${JSON.stringify(bad)}`,
    );
  }
}

/** Runs a job once so that its function is booted, then forgets it. */
export async function warmUp(stack: BenchStack, name: string): Promise<void> {
  await queueMany(stack.sql, {
    name,
    users: stack.users.slice(0, 1),
    jobs: 1,
    body: { milliseconds: 1 },
  });
  await untilDone(stack.sql, name, 60);
  await stack.admin`truncate public.job cascade`;
}
