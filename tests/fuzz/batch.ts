// One batch: a number of cases from a fresh state, and what they break.
import type postgres from "postgres";
import { acceptedAs, type Refusal } from "./accepted.ts";
import { actAs, type Case, newCase } from "./cases.ts";
import { checkBatch, type Fault, noteActors, type Seen } from "./check.ts";
import { choices } from "./choice.ts";
import { type Actor, ACTORS, type Known, readKnown, USERS } from "./known.ts";
import { JWT_SECRET, resetWorld, type World } from "./world.ts";

export const CASES_PER_BATCH = 250;
/** After so many cases the ids and tokens that cases refer to are read anew. */
const LOOK_EVERY = 10;

export interface Finding {
  batch: number;
  number: number;
  what: string;
  sql?: string;
  actor?: Actor | null;
}

export interface BatchResult {
  findings: Finding[];
  cases: number;
  /** How often each kind of outcome was met: answers, and refusals by what accepts them. */
  outcomes: Map<string, number>;
  /** Functions that were called. */
  called: Set<string>;
}

/** Runs a batch of a seed. It depends on nothing else. */
export async function runBatch(
  world: World,
  seed: number,
  batch: number,
  count: number,
): Promise<BatchResult> {
  const { sql, catalog } = world;
  const result: BatchResult = { findings: [], cases: 0, outcomes: new Map(), called: new Set() };
  await resetWorld(world, seed, batch);
  const choose = choices(seed, batch);
  const seen: Seen = {
    acknowledged: new Set(),
    stale: [],
    foreign: { requests: 0, answers: 0 },
  };
  const done: { number: number; actor: Actor | null; one: Case }[] = [];
  let known = await readKnown(sql);

  for (let number = 0; number < count; number++) {
    if (number % LOOK_EVERY === LOOK_EVERY - 1) known = await readKnown(sql);
    // The first batch calls everything once, before chance decides.
    const must = batch === 0 ? catalog.functions[number] : undefined;
    const one = newCase(choose, catalog, known, must);
    done.push({ number, actor: one.actor, one });
    result.cases++;
    if (one.calls) result.called.add(`${one.calls.schema}.${one.calls.name}`);
    const problem = await runCase(sql, one, number, known, seen, result.outcomes);
    if (problem) {
      result.findings.push({ batch, number, what: problem, sql: one.sql, actor: one.actor });
    }
  }
  await noteActors(sql, done);
  for (const fault of await checkBatch(sql, seen)) {
    result.findings.push(describe(batch, fault, done[fault.number]?.one));
  }
  return result;
}

function describe(batch: number, { number, invariant, what }: Fault, one?: Case): Finding {
  const text = `invariant ${invariant}: ${what}`;
  return { batch, number, what: text, sql: one?.sql, actor: one?.actor };
}

/** Runs one case; what is wrong with its answer, or null. */
async function runCase(
  sql: postgres.Sql,
  one: Case,
  number: number,
  known: Known,
  seen: Seen,
  outcomes: Map<string, number>,
): Promise<string | null> {
  const count = (what: string) => void outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
  if (one.kind === "rollback") return await rollsBack(sql, one, number, count);
  try {
    const answer = await sql.unsafe(`${actAs(one.actor, number)}; ${one.sql}`).simple();
    const last = (answer as unknown[]).at(-1);
    const rows = Array.isArray(last) ? last as Record<string, unknown>[] : [];
    const status = String(rows[0]?.answer).match(/"status": "(\w+)"/)?.[1];
    count(`${one.kind}: answered${status ? ` ${status} by the runtime API` : ""}`);
    if (!one.privileged && one.kind === "call") return "it was let in without the privilege";
    note(one, rows, number, seen);
    return leaks(one.actor, rows, known) ?? await believesAnyone(sql, one, rows);
  } catch (error) {
    const refusal = error as Refusal & { severity?: string };
    if (!refusal.code || !refusal.severity) throw error;
    const rule = one.actor === null ? undefined : acceptedAs(refusal, one);
    count(`${one.kind}: ${rule ?? "finding"}`);
    if (!rule) {
      return `raised ${refusal.code} ${refusal.message}\n    in ${
        refusal.where ?? "the statement"
      }`;
    }
    return leaks(one.actor, [{ ...refusal, query: undefined }], known);
  }
}

function note(one: Case, rows: Record<string, unknown>[], number: number, seen: Seen): void {
  if (one.calls?.name === "queue_job" || one.calls?.name === "queue_jobs") {
    rows.forEach(({ answer }) => answer && seen.acknowledged.add(String(answer)));
  }
  if (one.kind === "engine" && one.sql.includes("net.http_post(")) seen.foreign.requests++;
  if (one.kind === "answer" && one.sql.includes("'foreign'")) seen.foreign.answers++;
  const takesToken = one.calls?.args.some(({ name }) => name === "_token");
  if (takesToken && /"status": "stale"/.test(String(rows[0]?.answer))) seen.stale.push(number);
}

/** What a user or nobody must not be shown: tokens, secrets, rows of somebody else. */
function leaks(
  actor: Actor | null,
  rows: Record<string, unknown>[],
  known: Known,
): string | null {
  if (actor === null || actor === "service_role") return null;
  const own = ACTORS[actor];
  const seesAll = actor === "olga";
  if (!seesAll && rows.some((row) => "user_id" in row && row.user_id !== own)) {
    return "it reads another's row";
  }
  const text = JSON.stringify(rows);
  if (text.includes(JWT_SECRET) || text.includes("eyJ")) return "it is told a credential";
  if (known.attempts.some(({ token }) => text.includes(token))) return "it is told a token";
  for (const [name, id] of Object.entries(USERS)) {
    if (!seesAll && id !== own && text.includes(`secret-of-${name}`)) {
      return `it is told the body of ${name}`;
    }
  }
  return null;
}

/** Functions that an attempt may call only while it is live. */
const ONLY_LIVE = ["start_job", "heartbeat_job", "save_job_step", "log_job_attempt"];

/** A report was taken for good: it must have shown the token of an attempt of that job. */
async function believesAnyone(
  sql: postgres.Sql,
  one: Case,
  rows: Record<string, unknown>[],
): Promise<string | null> {
  const token = one.sql.match(/_token => (gen_random_uuid\(\)|\S+?)(::|,|\))/)?.[1];
  const job = one.sql.match(/_job_id => (\S+?)(::|,|\))/)?.[1];
  if (!token || !/"status": "(ok|canceled)"/.test(String(rows[0]?.answer))) return null;
  const shown = `select from private.job_attempt a where a.job_id = ${job} and a.token = ${token}`;
  const live = ONLY_LIVE.includes(one.calls!.name) ? " and a.finished_at is null" : "";
  const [row] = await sql.unsafe(`select exists (${shown}${live}) as shown`);
  return row!.shown
    ? null
    : "invariant 2: a report without the token of a live attempt is believed";
}

/** A transaction that is rolled back leaves no job and no ring. */
async function rollsBack(
  sql: postgres.Sql,
  one: Case,
  number: number,
  count: (what: string) => void,
): Promise<string | null> {
  const look = async () =>
    JSON.stringify(
      await sql`select (select count(*) from public.job) as jobs,
      (select count(*) from net.http_request_queue) as requests, (select count(*) from private.job_attempt) as attempts`,
    );
  const before = await look();
  try {
    await sql.unsafe(
      `begin; ${actAs(one.actor, number)}; ${one.sql}; set constraints all immediate; rollback`,
    ).simple();
    count("rollback: done");
  } catch (error) {
    await sql.unsafe("rollback").simple();
    const rule = acceptedAs(error as Refusal, one);
    if (!rule) return `raised ${error}`;
    count(`rollback: ${rule}`);
  }
  const after = await look();
  return before === after ? null : `it was rolled back, and ${before} became ${after}`;
}
