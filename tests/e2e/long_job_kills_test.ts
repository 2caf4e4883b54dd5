// What is left when functions are killed at random moments: counted, not believed.
import assert from "node:assert/strict";
import { join } from "node:path";
import type postgres from "postgres";
import type { Stack } from "../../stack/stack.ts";
import { withStack } from "./support/own_stack.ts";

/** More of them: KILLS=50 npm test -- e2e long_job_kills. */
const kills = Number(Deno.env.get("KILLS") ?? 3);

const USERS = 10;
const LINKS = 3;
const STEPS = 4;
const STEP_MS = 100;
/** So many chains are under way at a time. */
const CHAINS = Math.min(15, 4 + kills);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test({
  name: `killing the function ${kills} times loses no job, runs no saved step again, ` +
    `and commits each effect once`,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: () =>
    withStack({ functionsDir: join(import.meta.dirname!, "functions") }, async (stack, sql) => {
      await prepare(sql);
      const { chains, killed } = await killWhileTheyWork(stack, sql);
      const found = await count(sql, chains);
      console.table([{ kills: killed, ...found.work }]);
      console.table([found.wrong]);
      assert.equal(killed, kills);
      assert.ok(found.work["attempts killed"] >= kills / 2, "the kills hit attempts at work");
      assert.deepEqual(Object.values(found.wrong).filter((count) => count !== 0), []);
    }),
});

async function prepare(sql: postgres.Sql): Promise<void> {
  await sql`
    insert into public.job_config (job_name, concurrency_limit, lease_seconds, backoff_seconds)
    values ('link-of-chain', 2, 5, 0)`;
  await sql`
    insert into auth.users (id, email)
    select md5(n::text)::uuid, n || '@chains.example' from generate_series(1, ${USERS}::int) n`;
  await sql.unsafe(`
    create table public.step_run (job_id uuid, name text, at timestamptz default clock_timestamp());
    create table public.step_effect (key text primary key);
    create table public.commit_effect (chain integer, link integer);
    grant insert on public.step_run, public.commit_effect to authenticated;
    grant select, insert on public.step_effect to authenticated;
    create function public.keep_link(_job_id uuid, _body jsonb) returns void language sql as $$
      insert into public.commit_effect
      values ((_body ->> 'chain')::integer, (_body ->> 'link')::integer);
      select public.queue_job('link-of-chain',
        _body || jsonb_build_object('link', (_body ->> 'link')::integer + 1), 100)
      where (_body ->> 'link')::integer < (_body ->> 'links')::integer;
    $$;
    grant execute on function public.keep_link(uuid, jsonb) to authenticated;
    notify pgrst, 'reload schema'`).simple();
}

async function killWhileTheyWork(stack: Stack, sql: postgres.Sql) {
  let chains = 0;
  let killed = 0;
  const until = Date.now() + 60_000 + kills * 20_000;
  while (true) {
    const [open] = await sql`
      select count(*)::int as jobs, count(*) filter (where state = 'running')::int as running
      from public.job where state in ('pending', 'running')`;
    assert.ok(Date.now() < until, `after ${killed} kills, ${open!.jobs} jobs are not done`);
    if (killed === kills && open!.jobs === 0) return { chains, killed };
    for (let one = open!.jobs; killed < kills && one < CHAINS; one++) {
      const chain = ++chains;
      const body = { chain, link: 1, links: LINKS, steps: STEPS, stepMs: STEP_MS };
      await sql`select private.queue_job_for_user(md5(${
        String(chain % USERS + 1)
      })::uuid, 'link-of-chain', ${sql.json(body)}, 100)`;
    }
    if (killed === kills) await pause(500);
    else await untilWork(sql);
    await pause(Math.random() * 600);
    const process = (await stack.functionProcesses()).find((one) => !one.retired);
    if (killed < kills && process && open!.running > 0 && kill(process.pid)) killed++;
  }
}

/** Waits until a step is run that was not there before, for some seconds at most. */
async function untilWork(sql: postgres.Sql): Promise<void> {
  const runs = async () => (await sql`select count(*)::int from public.step_run`)[0]!.count;
  const before = await runs();
  const until = Date.now() + 8_000;
  while (await runs() === before && Date.now() < until) await pause(20);
}

/** Whether the process was still there. */
function kill(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGKILL");
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function count(sql: postgres.Sql, chains: number) {
  const [work] = await sql`
    select (select count(*) from public.job)::int as jobs,
      (select count(*) from private.job_attempt)::int as attempts,
      (select count(*) from private.job_attempt where outcome <> 'completed')::int as killed,
      (select count(*) from private.job_step)::int as steps,
      (select count(*) from public.step_run)::int as runs,
      (select count(*) from public.commit_effect)::int as commits`;
  const [wrong] = await sql`
    select (select count(*) from public.job where state <> 'completed')::int as unfinished,
      (select count(*) from public.step_run r join private.job_step s using (job_id, name)
        where r.at > s.created_at)::int as again,
      (select count(*) from public.step_effect)::int as effects,
      (select count(*) from (select distinct chain, link from public.commit_effect) d)::int as links`;
  return {
    work: {
      jobs: work!.jobs,
      attempts: work!.attempts,
      "attempts killed": work!.killed,
      steps: work!.steps,
      "step runs cut off before they were saved": work!.runs - work!.steps,
      commits: work!.commits,
    },
    wrong: {
      "jobs lost": chains * LINKS - work!.jobs + wrong!.unfinished,
      "saved steps run again": wrong!.again,
      "steps without their effect": work!.jobs * STEPS - wrong!.effects,
      "commit effects lost": chains * LINKS - wrong!.links,
      "commit effects twice": work!.commits - wrong!.links,
    },
  };
}
