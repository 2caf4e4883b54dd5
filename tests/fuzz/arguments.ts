// What a function is called with: by an argument's name what fits, or anything of its type.
import type { Argument, Callable } from "./catalog.ts";
import type { Choice } from "./choice.ts";
import { type Known, type KnownAttempt, USERS } from "./known.ts";
import { anyValue, document, jsonValue, knowsType, ODD_TEXTS, quote } from "./values.ts";

/** Names with a limit of each kind; what a batch may change is fuzz-config only. */
export const NAMES = [
  "fuzz-one",
  "fuzz-two",
  "fuzz-rated",
  "fuzz-full",
  "fuzz-config",
  "fuzz-made-up",
];

interface Context {
  choose: Choice;
  known: Known;
  /** Of one call: job and token belong together, most of the time. */
  attempt: KnownAttempt | undefined;
  functions: Callable[];
}

const json = (value: unknown) => `${quote(JSON.stringify(value))}::jsonb`;
const text = (items: string[]) => ({ choose }: Context) => quote(choose.pick(items));

const FITTING: Record<string, (context: Context) => string> = {
  _job_id: ({ choose, known, attempt }) => {
    const id = attempt?.job_id ?? (known.jobs.length ? choose.pick(known.jobs).id : null);
    return id === null ? "null::uuid" : `${quote(id)}::uuid`;
  },
  _token: ({ attempt }) => attempt ? `${quote(attempt.token)}::uuid` : "gen_random_uuid()",
  _user_id: ({ choose }) => `${quote(choose.pick(Object.values(USERS)))}::uuid`,
  _job_name: text(NAMES),
  _max_retries: ({ choose }) => String(choose.pick([1, 2, 3, 100])),
  _priority: ({ choose }) => String(choose.pick([0, 1, -1, 5])),
  _unique_key: text(["k", "l", "m"]),
  _outcome: text(["completed", "failed", "failed_permanently", "canceled"]),
  _log_level: text(["INFO", "warn", "Error"]),
  _cron: text(["* * * * *", "*/5 1-3 * * mon-fri", "0 0 29 2 *", "59 23 31 12 0"]),
  _every: text(["10 seconds", "1 hour", "366 days"]),
  _time_zone: text(["UTC", "Europe/Berlin", "America/St_Johns", "Antarctica/Troll"]),
  _overlap: text(["skip", "queue"]),
  _catch_up: text(["none", "one", "all"]),
  _function: ({ choose, functions }) =>
    quote(choose.pick(functions.filter(({ schema }) => schema === "public")).name),
  _args: ({ choose }) =>
    json(choose.pick<unknown>([
      {},
      { _job_name: choose.pick(NAMES) },
      { _job_name: "fuzz-one", _unique_key: "k", _priority: "1" },
      { _jobs: [] },
      { 'x"); drop table job; --': "1" },
    ])),
  _lines: ({ choose }) =>
    json(Array.from({ length: choose.below(5) }, () => ({
      message: choose.pick<unknown>([
        ...ODD_TEXTS.filter((t) => !t.includes("\\u0000")),
        5,
        null,
        {},
      ]),
      level: choose.pick<unknown>(["INFO", "warn", "", 7, null, "x".repeat(40)]),
      at: choose.pick<unknown>(["2030-01-01", "yesterday", "infinity", "x", null, {}]),
    }))),
  _schedule_id: ({ choose, known }) =>
    known.schedules.length > 0 ? `${quote(choose.pick(known.schedules))}::uuid` : "null::uuid",
  _action: text(["retry", "cancel", "delete"]),
  _span: text(["hour", "day", "week"]),
  _ids: ({ choose, known }) =>
    `${quote(`{${known.jobs.slice(0, choose.below(8)).map(({ id }) => id).join(",")}}`)}::uuid[]`,
  _limit: ({ choose }) => String(choose.pick([1, 50, 200])),
  _filter: ({ choose }) => json(some(choose, FILTER)),
  _before: ({ choose, known }) =>
    json({ created_at: "2100-01-01", id: known.jobs.length ? choose.pick(known.jobs).id : null }),
  _changes: ({ choose }) => json(some(choose, CHANGES)),
  _jobs: ({ choose }) => json(Array.from({ length: choose.below(6) }, () => newJob(choose))),
};

/** What the board filters by. */
const FILTER: Record<string, unknown[]> = {
  states: [["failed"], ["pending", "running"], [], null],
  job_name: NAMES,
  user_id: [...Object.values(USERS), null],
  user_email: ["ada@example.test", "nobody@example.test"],
  created_from: ["2020-01-01", "-infinity", "infinity"],
  created_to: ["2100-01-01", "infinity"],
  error: ["as", "%", "\\_"],
  body: [{}, { a: 1 }, [], "text", null],
};

/** What operators change of a name. */
const CHANGES: Record<string, unknown[]> = {
  concurrency_limit: [1, 2, 0, 2147483647],
  enabled: [true, false, null],
  global_concurrency_limit: [1, null, -1],
  max_pending: [1, null],
  linger_seconds: [0, 300],
  rate_limit: [1, null],
  rate_period: ["1 minute", "infinity", "178000000 years", "-1 s", "1 microsecond"],
  keep_completed: ["1 day", "infinity", "-infinity", "178000000 years", "-1 s"],
  keep_failed: ["0", "178000000 years"],
  description: ["x", null],
};

/** An object with some of the keys, and now and then something odd. */
function some(choose: Choice, of: Record<string, unknown[]>): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [key, values] of Object.entries(of)) {
    if (choose.chance(0.2)) made[key] = choose.chance(0.1) ? document(choose) : choose.pick(values);
  }
  if (choose.chance(0.03)) made.odd = document(choose);
  return made;
}

/** One item of queue_jobs: most keys fit, some do not. */
function newJob(choose: Choice): unknown {
  if (choose.chance(0.03)) return document(choose);
  const job: Record<string, unknown> = { job_name: choose.pick(NAMES) };
  const maybe = (key: string, values: unknown[], odd: number) => {
    if (choose.chance(0.4)) job[key] = choose.chance(odd) ? document(choose) : choose.pick(values);
  };
  maybe("request_body", [{}, { a: 1 }, [1], "text", null], 0.3);
  maybe("max_retries", [1, 3, "5", 100], 0.05);
  maybe("run_at", [null, "2029-01-01", "2030-01-01 00:10+00", "2031-06-01"], 0.05);
  maybe("priority", [0, 1, "-2", 100, -2147483648, 2147483647], 0.05);
  maybe("unique_key", ["k", "l", null], 0.05);
  if (choose.chance(0.05)) job.user_id = choose.pick([...Object.values(USERS), "x", null, 5]);
  if (choose.chance(0.02)) job[choose.pick(["state", "token", ""])] = 1;
  return job;
}

/** The list of named arguments of one call, as SQL. */
export function argumentList(
  fn: Callable,
  choose: Choice,
  known: Known,
  functions: Callable[],
): string {
  const live = known.attempts.filter((attempt) => attempt.live);
  const takesToken = fn.args.some(({ name }) => name === "_token");
  const from = choose.chance(0.75) && live.length > 0 ? live : known.attempts;
  const attempt = takesToken && from.length > 0 && choose.chance(0.85)
    ? choose.pick(from)
    : undefined;
  const context = { choose, known, attempt, functions };
  const list: string[] = [];
  for (const argument of fn.args) {
    if (argument.optional && choose.chance(0.5)) continue;
    list.push(`${argument.name} => ${argumentValue(argument, fn.schema, context)}`);
  }
  return list.join(", ");
}

function argumentValue({ name, type }: Argument, schema: string, context: Context): string {
  const { choose } = context;
  const fitting = FITTING[name];
  if (fitting && choose.chance(name === "_job_id" || name === "_token" ? 0.92 : 0.7)) {
    const value = fitting(context);
    const typed = value.match(/::([a-z[\]]+)$/)?.[1];
    // Another function's argument of the same name may have another type.
    if (typed === undefined || typed === type) return typed ? value : `${value}::${type}`;
  }
  // The engine's own row types: nobody but the engine may call what takes them.
  if (schema === "private" && !knowsType(type)) return `null::${type}`;
  return type === "jsonb" && choose.chance(0.5) ? jsonValue(choose) : anyValue(type, choose);
}
