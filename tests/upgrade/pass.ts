// One upgrade: the engine of a prefix of the migrations, work on it, and the rest pushed while it works.
import { setTimeout as pause } from "node:timers/promises";
import postgres from "postgres";
import { startTemporaryDatabase } from "../support/temporary.ts";
import { copyProject } from "./project.ts";
import { nextMigration } from "./next_migration.ts";
import { checkWork, makeWork } from "./states.ts";
import { startWork } from "./work.ts";

export interface Pass {
  /** The last migration that was there before. */
  from: string;
  jobs: number;
  operations: number;
  /** Calls, and pushes, that a deadlock ended and that were made again. */
  again: number;
  pushSeconds: number;
  seconds: number;
  faults: string[];
}

export interface PassOptions {
  /** The last migration of the engine that is upgraded; undefined: all of them. */
  from?: string;
  seed: number;
  /** Then a made-up next migration, too. */
  andNext?: boolean;
}

/** Upgrades once, on a database of its own. */
export async function upgrade({ from, seed, andNext }: PassOptions): Promise<Pass> {
  const started = performance.now();
  const database = await startTemporaryDatabase();
  const admin = postgres(database.adminUrl, { max: 2, onnotice: () => {} });
  try {
    const project = await copyProject();
    await project.addUpTo(from);
    await project.push(database.url);
    const given = await makeWork(admin);
    const work = startWork(database, given.users, seed);
    await pause(500);

    let pushSeconds = 0;
    let again = 0;
    const push = async () => {
      const before = performance.now();
      again += await project.push(database.url);
      pushSeconds += (performance.now() - before) / 1000;
      await pause(300);
    };
    if (from) {
      await project.addUpTo();
      await push();
    }
    if (andNext) {
      await project.add("20990101000000_made_up.sql", await nextMigration(admin));
      await push();
    }
    const faults = await checkWork(admin, given);
    work.takes = "";
    await work.settle(() => openJobs(admin));
    faults.push(...work.faults, ...await lost(admin, work.acknowledged, work.ended));
    for (const count of work.again.values()) again += count;
    return {
      from: from ?? "all",
      jobs: work.acknowledged.size,
      operations: work.operations,
      again,
      pushSeconds,
      seconds: (performance.now() - started) / 1000,
      faults,
    };
  } finally {
    await admin.end({ timeout: 5 });
    await database.stop();
  }
}

async function openJobs(sql: postgres.Sql): Promise<number> {
  const [row] = await sql`select count(*)::int as open from public.job
    where state in ('pending', 'running')`;
  return row!.open;
}

/** What was acknowledged and has not ended well, and ends that were accepted twice. */
async function lost(
  sql: postgres.Sql,
  acknowledged: Set<string>,
  ended: Map<string, number>,
): Promise<string[]> {
  const rows = await sql<{ text: string }[]>`
    select format('job %s was acknowledged and is %s (%s)', a.id, coalesce(j.state, 'lost'), j.last_error) as text
    from unnest(${[...acknowledged]}::uuid[]) as a (id) left join public.job j on j.id = a.id
    where j.state is null or j.state in ('pending', 'running')
      or j.state = 'failed' and j.retries < j.max_retries
    limit 5`;
  const twice = [...ended].filter(([, times]) => times > 1);
  return [
    ...rows.map(({ text }) => text),
    ...twice.map(([token, times]) => `the attempt of ${token} ended ${times} times`),
  ];
}
