import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Check, Context } from "./check.ts";

const STALE_SECONDS = 30;
const FIRST_TICK_SECONDS = 12;
const STATEMENT = /^select cron\.schedule\('([^']+)', '([^']+)', '([^']+)'\);/gm;

interface Schedule {
  name: string;
  command: string;
  statement: string;
}

/** Every schedule of the migrations is there, on, and does what it should. */
export const schedules: Check = {
  name: "schedules",
  needs: ["migrations", "extensions"],
  async look({ sql, projectDir }) {
    const expected = scheduledIn(join(projectDir, "supabase", "migrations"));
    const found = await sql<{ id: string; name: string; command: string; active: boolean }[]>`
      select jobid as id, jobname as name, command, active from cron.job`;
    const problems: string[] = [];
    const remedies: string[] = [];
    for (const { name, command, statement } of expected) {
      const job = found.find((row) => row.name === name);
      if (!job) problems.push(`${name} is missing`);
      else if (job.command !== command) {
        problems.push(`${name} runs ${JSON.stringify(job.command)}`);
      } else if (!job.active) {
        problems.push(`${name} is switched off`);
        remedies.push(`select cron.alter_job(${job.id}, active := true);`);
        continue;
      } else continue;
      remedies.push(statement);
    }
    if (problems.length === 0) return { ok: `${expected.length} are on` };
    return { problem: problems.join("; "), remedy: { sql: remedies.join("\n") } };
  },
};

/** pg_cron runs, and its last runs went well. */
export const cron: Check = {
  name: "pg_cron",
  needs: ["schedules"],
  async look({ sql }) {
    const failed = await sql<{ name: string; message: string }[]>`
      select j.jobname as name, r.return_message as message
      from cron.job j
      cross join lateral (select d.status, d.return_message from cron.job_run_details d
        where d.jobid = j.jobid and d.status in ('succeeded', 'failed')
        order by d.runid desc limit 1) r
      where r.status = 'failed' and j.command like '%private.%'`;
    const seconds = await secondsSinceTick(sql);
    if (failed.length > 0) {
      return {
        problem: failed.map(({ name, message }) => `${name} failed: ${message}`).join("; "),
        remedy: { command: "npx supabase db push --remote  # are all migrations applied?" },
      };
    }
    if (seconds !== null && seconds <= STALE_SECONDS) {
      return { ok: `run-jobs ran ${seconds} s ago` };
    }
    return {
      problem: `run-jobs ${seconds === null ? "has never run" : `last ran ${seconds} s ago`}: ` +
        "the scheduler does not run",
      remedy: {
        todo:
          "hosted: dashboard, Settings, General, Restart project; here: npm run stop, npm start",
      },
    };
  },
};

/** How long ago run-jobs began; where it never has, it gets the time of two ticks. */
async function secondsSinceTick(sql: Context["sql"]): Promise<number | null> {
  for (let waited = 0;; waited++) {
    const [row] = await sql<{ seconds: number | null }[]>`
      select extract(epoch from clock_timestamp() - last_run_at)::int as seconds from private.dispatcher`;
    if (row?.seconds != null || waited === FIRST_TICK_SECONDS) return row?.seconds ?? null;
    await delay(1000);
  }
}

function scheduledIn(folder: string): Schedule[] {
  const found: Schedule[] = [];
  for (const { name } of Deno.readDirSync(folder)) {
    if (!name.endsWith(".sql")) continue;
    for (const match of Deno.readTextFileSync(join(folder, name)).matchAll(STATEMENT)) {
      found.push({ name: match[1]!, command: match[3]!, statement: match[0] });
    }
  }
  return found;
}
