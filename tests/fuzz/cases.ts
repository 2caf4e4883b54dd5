// What one case does: one request of one actor, or one thing that happens to the database.
import { answerSql } from "./answers.ts";
import { argumentList, NAMES } from "./arguments.ts";
import type { Callable, Catalog, Table } from "./catalog.ts";
import type { Choice } from "./choice.ts";
import { type Actor, claimsOf, type Known, roleOf, USERS } from "./known.ts";
import { anyValue, quote } from "./values.ts";

/** One case. */
export interface Case {
  kind: "call" | "table" | "answer" | "engine" | "rollback";
  /** Who asks; null: the database itself. */
  actor: Actor | null;
  sql: string;
  /** The function that is called. */
  calls?: Callable;
  /** Whether the actor's role holds the privilege for it. */
  privileged: boolean;
}

const ENGINE = [
  "run_jobs",
  "process_jobs",
  "reset_stuck_jobs",
  "queue_scheduled_jobs",
  "prune_jobs",
];

const USERS_FUNCTIONS: readonly (readonly [number, Actor])[] = [
  [5, "ada"],
  [4, "bob"],
  [1, "anon"],
  [1, "ghost"],
  [3, "olga"],
  [4, "service_role"],
];

/** Makes the next case: any, or a call of a given function. */
export function newCase(
  choose: Choice,
  catalog: Catalog,
  known: Known,
  must?: Callable,
): Case {
  if (must) return call(choose, catalog, known, must);
  return choose.weighted<() => Case>([
    [55, () => call(choose, catalog, known)],
    [13, () => tableRequest(choose, catalog, known)],
    [4, () => settings(choose, catalog)],
    [16, () => nothingOf("answer", answerSql(choose, known))],
    [10, () => nothingOf("engine", `select private.${choose.pick(ENGINE)}()`)],
    [2, () => nothingOf("engine", passTime(choose))],
    [2, () => nothingOf("engine", operator(choose))],
    [2, () => rollback(choose)],
  ])();
}

function nothingOf(kind: Case["kind"], sql: string): Case {
  return { kind, actor: null, sql, privileged: true };
}

function call(choose: Choice, catalog: Catalog, known: Known, must?: Callable): Case {
  const actor = choose.weighted(USERS_FUNCTIONS);
  const role = roleOf(actor);
  const allowed = catalog.functions.filter(({ callers }) => callers.includes(role));
  const from = choose.chance(0.9) && allowed.length > 0 ? allowed : catalog.functions;
  const fn = must ?? choose.pick(from);
  const list = argumentList(fn, choose, known, catalog.functions);
  return {
    kind: "call",
    actor,
    calls: fn,
    privileged: fn.callers.includes(role),
    sql: `select ${fn.schema}.${fn.name}(${list}) as answer`,
  };
}

function tableRequest(choose: Choice, catalog: Catalog, known: Known): Case {
  const actor = choose.weighted(USERS_FUNCTIONS);
  const role = roleOf(actor);
  const table = choose.chance(0.6)
    ? catalog.tables.find(({ name }) => name === "job")!
    : choose.pick(catalog.tables);
  const request = (sql: string, privileged: boolean): Case => ({
    kind: "table",
    actor,
    sql,
    privileged,
  });
  const columns = chooseColumns(choose, table, role);
  return choose.weighted<() => Case>([
    [3, () => {
      const names = columns.insert.map(({ name }) => name);
      const values = columns.insert.map(({ name, type }) => columnValue(name, type, choose));
      return request(
        `insert into public.${table.name} (${names.join(", ")}) values (${values.join(", ")})`,
        columns.insert.every(({ insert }) => insert.includes(role)),
      );
    }],
    [3, () => {
      const changes = columns.update.map(({ name, type }) =>
        `${name} = ${columnValue(name, type, choose)}`
      );
      return request(
        `update public.${table.name} set ${changes.join(", ")} ${which(choose, table, known)}`,
        columns.update.every(({ update }) => update.includes(role)) && table.select.includes(role),
      );
    }],
    [1, () =>
      request(
        `delete from public.${table.name} ${which(choose, table, known)}`,
        table.delete.includes(role) && table.select.includes(role),
      )],
    [2, () =>
      request(
        `select * from public.${table.name} ${
          choose.chance(0.5) ? "" : which(choose, table, known)
        }`,
        table.select.includes(role),
      )],
  ])();
}

/** An operator's server changes one setting of a name, to anything that its constraints let in. */
function settings(choose: Choice, catalog: Catalog): Case {
  const { columns } = catalog.tables.find(({ name }) => name === "job_config")!;
  const { name, type } = choose.pick(columns.filter((column) => column.name !== "job_name"));
  return {
    kind: "table",
    actor: "service_role",
    privileged: true,
    sql: `update public.job_config set ${name} = ${
      anyValue(type, choose)
    } where job_name = 'fuzz-config'`,
  };
}

/** Mostly columns that the role may write, sometimes any. */
function chooseColumns(choose: Choice, table: Table, role: string) {
  const from = (right: "insert" | "update") => {
    const granted = table.columns.filter((column) => column[right].includes(role));
    return choose.chance(0.8) && granted.length > 0 ? granted : table.columns;
  };
  const insert = from("insert").filter(({ name }) =>
    choose.chance(name === "job_name" ? 0.95 : 0.4)
  );
  const update = from("update");
  const changed = new Set([
    choose.pick(update),
    ...(choose.chance(0.3) ? [choose.pick(update)] : []),
  ]);
  return { insert: insert.length > 0 ? insert : [table.columns[0]!], update: [...changed] };
}

function columnValue(name: string, type: string, choose: Choice): string {
  if (name === "job_name" && choose.chance(0.8)) return quote(choose.pick(NAMES));
  if (name === "user_id" && choose.chance(0.8)) {
    return `${quote(choose.pick(Object.values(USERS)))}::uuid`;
  }
  if (name === "max_retries" && choose.chance(0.6)) return "3";
  return choose.chance(0.05) ? "default" : anyValue(type, choose);
}

/** The rows a request is about. The configuration of the limits that are watched is left alone. */
function which(choose: Choice, table: Table, known: Known): string {
  if (table.name === "job_config") return "where job_name in ('fuzz-config', 'fuzz-new')";
  const key = table.columns.find(({ name, type }) =>
    type === "uuid" && (name === "id" || name === "job_id")
  );
  if (key && known.jobs.length > 0 && choose.chance(0.8)) {
    return `where ${key.name} = ${quote(choose.pick(known.jobs).id)}`;
  }
  return table.name === "job" ? "where random() < 0.05" : "where true";
}

/** The clock goes on: leases run out, delays end. */
function passTime(choose: Choice): string {
  const step = choose.pick(["1 second", "7 seconds", "70 seconds", "6 minutes", "2 hours"]);
  return `select set_config('private.frozen_now',
    (current_setting('private.frozen_now')::timestamptz + interval '${step}')::text, false)`;
}

/** What an operator, pg_net or Auth does. */
function operator(choose: Choice): string {
  const dave = quote(USERS.dave);
  return choose.pick([
    `update auth.users set banned_until = 'infinity' where id = ${dave}`,
    `update auth.users set banned_until = null, deleted_at = null where id = ${dave}`,
    `update auth.users set deleted_at = private.now() where id = ${dave}`,
    `delete from net.http_request_queue where id % 3 = ${
      choose.below(3)
    } and url not like '%foreign%'`,
    `select net.http_post('http://127.0.0.1:1/foreign', '{}')`,
    `with lost as (delete from net.http_request_queue where url not like '%foreign%')
      delete from private.net_life where true`,
  ]);
}

/** A client that queues and rolls back: what it did is compared with nothing. */
function rollback(choose: Choice): Case {
  const name = quote(choose.pick(NAMES));
  return {
    kind: "rollback",
    actor: "ada",
    privileged: true,
    sql: `select public.queue_job(${name}), public.queue_jobs(jsonb_build_array(jsonb_build_object(
      'job_name', ${name}), jsonb_build_object('job_name', ${name}, 'priority', 3)))`,
  };
}

/** What stands before a case's statement: who the session works as. */
export function actAs(actor: Actor | null, number: number): string {
  const claims = actor === null ? "" : JSON.stringify(claimsOf(actor));
  const timeout = actor === "anon" ? "3s" : "8s";
  return `select set_config('fuzz.case', '${number}', true), set_config('fuzz.actor', '${
    actor ?? ""
  }', true), set_config('statement_timeout', '${timeout}', true), set_config('request.jwt.claims', ${
    quote(claims)
  }, true)${actor === null ? "" : `, set_config('role', '${roleOf(actor)}', true)`}`;
}
