// The scheduler of our pg_cron.
//   deno run -A scheduler.ts --database-url ADMIN_URL [--exit-with-stdin]
// One run of a job at a time; what came due meanwhile runs afterwards. Times are GMT.
import postgres from "postgres";
import { listen } from "../listen.ts";
import { readWorkerArguments, runForever, sleep } from "../worker.ts";
import { type Job, runJob } from "./run.ts";
import { isDueInMinute, parseSchedule, type Schedule } from "./schedule.ts";

const TICK_MILLISECONDS = 200;
const MAX_RUNNING = 32;
const MINUTE = 60_000;
/** After a longer sleep of the machine, older minutes are skipped. */
const CATCH_UP_MINUTES = 180;

/** What the scheduler knows of one active job. */
interface Task {
  job: Job;
  schedule: Schedule;
  lastStart: number;
  pending: number;
  running: boolean;
}

async function work(databaseUrl: string, stop: AbortSignal): Promise<void> {
  const sql = postgres(databaseUrl, {
    max: 4,
    max_lifetime: null,
    connection: { application_name: "pg_cron scheduler" },
    onnotice: () => {},
  });
  const lost = new AbortController();
  const ended = AbortSignal.any([stop, lost.signal]);
  let changed = true;
  const listener = await listen(databaseUrl, "pg_cron scheduler", {
    cron_job_changed: () => changed = true,
  }, () => lost.abort());

  const tasks = new Map<string, Task>();
  const run = async (task: Task) => {
    task.running = true;
    try {
      await runJob(databaseUrl, sql, task.job);
    } catch (error) {
      // The database went away under the run: the next connection marks it as failed.
      console.error(`pg_cron: job ${task.job.jobid}: ${(error as Error).message}`);
    } finally {
      task.running = false;
    }
  };

  try {
    let ready = false;
    let minute = Math.floor(Date.now() / MINUTE);
    while (!ended.aborted) {
      if (!ready) {
        ready = await prepare(sql);
        if (!ready) {
          await sleep(1000, ended);
          continue;
        }
      }
      if (changed) {
        changed = false;
        if (!(await readJobs(sql, tasks))) {
          ready = false;
          changed = true;
          continue;
        }
      }
      const now = Date.now();
      const newMinutes: Date[] = [];
      minute = Math.max(minute, Math.floor(now / MINUTE) - CATCH_UP_MINUTES);
      for (; minute < Math.floor(now / MINUTE); minute++) {
        newMinutes.push(new Date((minute + 1) * MINUTE));
      }
      let running = [...tasks.values()].filter((task) => task.running).length;
      for (const task of tasks.values()) {
        addDueRuns(task, newMinutes, now);
        if (task.pending === 0 || task.running || running >= MAX_RUNNING) continue;
        task.pending--;
        task.lastStart = now;
        running++;
        void run(task);
      }
      await sleep(TICK_MILLISECONDS, ended);
    }
  } finally {
    await listener.end();
    await sql.end({ timeout: 1 });
  }
}

/** False while the extension is not there. Runs of an earlier scheduler are marked as failed. */
async function prepare(sql: postgres.Sql): Promise<boolean> {
  const [extension] = await sql`select from pg_extension where extname = 'pg_cron'`;
  if (extension === undefined) return false;
  await sql`
    update cron.job_run_details
    set status = 'failed', return_message = 'server restarted', end_time = clock_timestamp()
    where status in ('starting', 'running')`;
  return true;
}

/** Reads cron.job anew; what is known of unchanged jobs is kept. False if the table is gone. */
async function readJobs(sql: postgres.Sql, tasks: Map<string, Task>): Promise<boolean> {
  const [extension] = await sql`select from pg_extension where extname = 'pg_cron'`;
  if (extension === undefined) {
    tasks.clear();
    return false;
  }
  const jobs = await sql<Job[]>`
    select jobid, schedule, command, database, username from cron.job where active`;
  const ids = new Set(jobs.map((job) => job.jobid));
  for (const id of tasks.keys()) {
    if (!ids.has(id)) tasks.delete(id);
  }
  for (const job of jobs) {
    const known = tasks.get(job.jobid);
    const schedule = known?.job.schedule === job.schedule ? known.schedule : readSchedule(job);
    if (schedule === null) {
      tasks.delete(job.jobid);
    } else if (known) {
      Object.assign(known, { job, schedule });
    } else {
      const pending = schedule.kind === "reboot" ? 1 : 0;
      tasks.set(job.jobid, { job, schedule, lastStart: Date.now(), pending, running: false });
    }
  }
  return true;
}

function readSchedule(job: Job): Schedule | null {
  try {
    return parseSchedule(job.schedule);
  } catch (error) {
    console.error(`pg_cron: job ${job.jobid} never runs: ${(error as Error).message}`);
    return null;
  }
}

function addDueRuns(task: Task, newMinutes: Date[], now: number): void {
  const { schedule } = task;
  if (schedule.kind === "interval") {
    // At most one interval run waits; expressions wait each.
    if (now - task.lastStart >= schedule.seconds * 1000) task.pending = 1;
  } else if (schedule.kind === "expression") {
    task.pending += newMinutes.filter((at) => isDueInMinute(schedule.expression, at)).length;
  }
}

if (import.meta.main) {
  await runForever("pg_cron", readWorkerArguments(Deno.args), work);
}
