// The work that goes on while migrations are applied: users queue, ticks ring, functions start and finish.
import { setTimeout as pause } from "node:timers/promises";
import postgres from "postgres";
import {
  type Answer,
  answerRing,
  asUser,
  finish,
  type Held,
  seededRandom,
  type Sql,
  start,
  takeRing,
} from "../concurrency/support.ts";

export const NAMES = ["upgrade-one", "upgrade-global", "upgrade-plain", "upgrade-without-a-row"];

/** Names whose jobs may fail: their back-off is 0. */
const RETRIED_AT_ONCE = ["upgrade-one", "upgrade-global"];

/** What a client or a function tries again: nothing of it has happened. */
const AGAIN = ["40P01", "55P03", "40001"];

export interface Work {
  /** Ids of jobs whose transaction was committed. */
  acknowledged: Set<string>;
  /** How often an end of each attempt was accepted. */
  ended: Map<string, number>;
  /** What must not happen. */
  faults: Set<string>;
  /** Calls that were tried again, by SQLSTATE. */
  again: Map<string, number>;
  operations: number;
  /** Rings of names that begin like this are taken. */
  takes: string;
  /** Ends the queueing, and when `open` says that nothing is left, everything. */
  settle(open: () => Promise<number>): Promise<void>;
}

/** Starts it: sessions that queue, that tick, that are functions, and one that counts. */
export function startWork(
  urls: { url: string; adminUrl: string },
  users: string[],
  seed: number,
): Work {
  const connections: Sql[] = [];
  const connect = (url = urls.url) => {
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    connections.push(sql);
    return sql;
  };
  let queueing = true;
  let working = true;
  const work: Work = {
    acknowledged: new Set(),
    ended: new Map(),
    faults: new Set(),
    again: new Map(),
    operations: 0,
    takes: "upgrade-",
    async settle(open) {
      queueing = false;
      const deadline = Date.now() + 60_000;
      while (await open() > 0) {
        if (Date.now() > deadline) {
          work.faults.add("jobs are open a minute after the last was queued");
          break;
        }
        await pause(100);
      }
      working = false;
      await Promise.all(sessions);
      await Promise.all(connections.map((sql) => sql.end({ timeout: 5 })));
    },
  };

  /** Repeats what may be repeated; anything else that is raised is a fault. */
  async function persist<T>(what: string, call: () => PromiseLike<T>): Promise<T | undefined> {
    for (let tries = 0; tries < 100; tries++) {
      try {
        work.operations++;
        return await call();
      } catch (error) {
        const { code = "", message } = error as { code?: string; message: string };
        if (!AGAIN.includes(code)) {
          work.faults.add(`${what}: ${code} ${message}`);
          return undefined;
        }
        work.again.set(code, (work.again.get(code) ?? 0) + 1);
        await pause(20);
      }
    }
    work.faults.add(`${what}: refused a hundred times`);
    return undefined;
  }

  async function repeat(going: () => boolean, milliseconds: number, step: () => Promise<unknown>) {
    while (going()) {
      await step();
      await pause(milliseconds);
    }
  }

  function enqueuer(number: number) {
    const [sql, random] = [connect(), seededRandom(seed + number)];
    const pick = <T>(items: T[]) => items[Math.floor(random() * items.length)]!;
    return repeat(() => queueing, 15, async () => {
      const [user, name] = [pick(users), pick(NAMES)];
      const ids = await persist(
        "queue",
        () =>
          asUser(
            sql,
            user,
            (tx) =>
              random() < 0.3
                ? tx`select queue_jobs(${
                  tx.json([{ job_name: name }, { job_name: name, priority: 1 }])
                }) as id`
                : tx`select queue_job(${name}) as id`,
          ),
      );
      ids?.forEach(({ id }) => work.acknowledged.add(id));
    });
  }

  function ticker() {
    const sql = connect();
    return repeat(() => working, 60, async () => {
      await persist("run_jobs", () => sql`select private.run_jobs()`);
      await persist("process_jobs", () => sql`select private.process_jobs()`);
      await persist("reset_stuck_jobs", () => sql`select private.reset_stuck_jobs()`);
    });
  }

  function worker(number: number) {
    const [sql, random] = [connect(), seededRandom(seed + 100 + number)];
    const held: Held[] = [];
    const end = async () => {
      const job = held.shift()!;
      const fails = RETRIED_AT_ONCE.includes(job.job_name) && random() < 0.15;
      const outcome = fails ? "failed" : "completed";
      const goesOn = random() < 0.7;
      const answer: Answer | undefined = await persist(
        "finish_job",
        () => finish(sql, job, outcome, goesOn),
      );
      if (answer?.status !== "ok") {
        if (answer) {
          work.faults.add(`finish_job of a live attempt was answered ${JSON.stringify(answer)}`);
        }
        return;
      }
      work.ended.set(job.token, (work.ended.get(job.token) ?? 0) + 1);
      const repeated = await persist("finish_job again", () => finish(sql, job, outcome, goesOn));
      if (repeated?.status !== "ok") {
        work.faults.add("a repeated finish_job was answered otherwise");
      }
      if (answer.next) held.push(answer.next);
    };
    return repeat(() => working || held.length > 0, 5, async () => {
      if (held.length > 2 || (held.length > 0 && random() < 0.5) || !working) return await end();
      const ring = await persist("take a ring", () => takeRing(sql, work.takes));
      if (!ring) return;
      if (ring.job_name === "upgrade-plain") {
        return await persist("answer", () => answerRing(sql, ring, random() < 0.9 ? 204 : 500));
      }
      const answer = await persist("start_job", () => start(sql, ring));
      if (answer?.job) held.push(answer.job);
      await persist("answer", () => answerRing(sql, ring, 202));
    });
  }

  function counter() {
    const sql = connect(urls.adminUrl);
    return repeat(() => working, 20, async () => {
      const broken = await persist("count", () =>
        sql<{ problem: string }[]>`
        with mine as (
          select j.*, c.concurrency_limit, c.global_concurrency_limit from public.job j
          join public.job_config c using (job_name) where j.job_name like 'upgrade-%'
        ), live as (select a.job_id, a.attempt from private.job_attempt a where a.finished_at is null)
        select format('%s run in lane %s of %s', count(*), lane, job_name) as problem from mine
        where state = 'running' group by job_name, lane, concurrency_limit having count(*) > concurrency_limit
        union all
        select format('%s run of %s', count(*), job_name) from mine
        where state = 'running' group by job_name, global_concurrency_limit having count(*) > global_concurrency_limit
        union all
        select format('job %s is %s and has %s live attempts', id, state, (select count(*) from live where job_id = id))
        from mine where (state = 'running') <> (1 = (select count(*) from live where job_id = id and live.attempt = mine.attempt))`);
      broken?.forEach(({ problem }) => work.faults.add(problem));
    });
  }

  const sessions = [enqueuer(0), enqueuer(1), ticker(), worker(0), worker(1), counter()];
  sessions.forEach((session) => session.catch((error) => work.faults.add(String(error))));
  return work;
}
