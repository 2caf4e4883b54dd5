// Queues the load: at a steady rate, and one burst.
import postgres from "postgres";
import { type Ledger, now, TRIES } from "./ledger.ts";
import type { LoadName, LoadSize } from "./names.ts";
import { seededRandom } from "../../tests/concurrency/support.ts";

const QUEUERS = 4;
const STEP_MS = 100;
const BURST_AT = 0.4;
const BURST_CALL = 1000;

export interface QueueOptions extends LoadSize {
  dbUrl: string;
  users: string[];
  names: LoadName[];
  ledger: Ledger;
  ledgerUrl: string;
  seed: number;
}

interface NewJob {
  job_name: string;
  user_id: string;
  max_retries: number;
  request_body: { milliseconds: number; failures: number; ledger: string };
  run_at?: string;
}

/** Queues all jobs of the load through queue_jobs, over `seconds`; resolves when the last is queued. */
export async function queueLoad(options: QueueOptions): Promise<void> {
  const plan = makePlan(options);
  const sql = postgres(options.dbUrl, { max: QUEUERS, onnotice: () => {} });
  try {
    const begun = performance.now();
    const at = async (milliseconds: number) => {
      const wait = begun + milliseconds - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    };
    const steady = Array.from({ length: QUEUERS }, async (_, queuer) => {
      const jobs = plan.steady.filter((_, place) => place % QUEUERS === queuer);
      const steps = Math.max(1, Math.floor(options.seconds * 1000 / (STEP_MS * QUEUERS)));
      let sent = 0;
      for (let step = 0; step < steps; step++) {
        await at((step * QUEUERS + queuer) * STEP_MS);
        const upTo = Math.round((step + 1) / steps * jobs.length);
        if (upTo > sent) await send(sql, jobs.slice(sent, upTo), options.ledger);
        sent = Math.max(sent, upTo);
      }
    });
    const burst = async () => {
      await at(options.seconds * 1000 * BURST_AT);
      for (let place = 0; place < plan.burst.length; place += BURST_CALL) {
        await send(sql, plan.burst.slice(place, place + BURST_CALL), options.ledger);
      }
    };
    await Promise.all([...steady, burst()]);
  } finally {
    await sql.end();
  }
}

/** Which jobs there are, in a random order. */
function makePlan(options: QueueOptions): { steady: MadeJob[]; burst: MadeJob[] } {
  const random = seededRandom(options.seed);
  const jobs = options.names.flatMap((name) => {
    const count = Math.round(name.share * options.jobs);
    return Array.from({ length: count }, (_, n) => ({
      job: makeJob(name, options, random),
      isBurst: n < count * (name.burst ?? 0),
      order: random(),
    }));
  }).sort((a, b) => a.order - b.order);
  return {
    steady: jobs.filter(({ isBurst }) => !isBurst).map(({ job }) => job),
    burst: jobs.filter(({ isBurst }) => isBurst).map(({ job }) => job),
  };
}

type MadeJob = { delayMs: number; job: NewJob };

function makeJob(name: LoadName, options: QueueOptions, random: () => number): MadeJob {
  const user = Math.floor(options.users.length * random() ** name.skew);
  return {
    delayMs: Math.round((name.delaySeconds ?? 0) * 1000 * random()),
    job: {
      job_name: name.name,
      user_id: options.users[user]!,
      max_retries: TRIES,
      request_body: {
        milliseconds: name.milliseconds,
        failures: Math.floor(random() * ((name.failures ?? 0) + 1)),
        ledger: options.ledgerUrl,
      },
    },
  };
}

async function send(sql: postgres.Sql, made: MadeJob[], ledger: Ledger): Promise<void> {
  const sentAt = now();
  const jobs = made.map(({ job, delayMs }) =>
    delayMs > 0 ? { ...job, run_at: new Date(sentAt + delayMs).toISOString() } : job
  );
  const rows = await sql`select * from public.queue_jobs(${sql.json(jobs as never)}) as id`;
  rows.forEach((row, place) => {
    const { job, delayMs } = made[place]!;
    ledger.queued.set(row.id, {
      name: job.job_name,
      user: job.user_id,
      dueAt: sentAt + delayMs,
      failures: job.request_body.failures,
    });
  });
}
