// Values as SQL expressions, by type: what a client may send, and what it had better not.
import type { Choice } from "./choice.ts";

/** A text as a literal in SQL. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Texts that have broken systems elsewhere. */
export const ODD_TEXTS = [
  "",
  " ",
  "null",
  "'; drop table public.job; --",
  "$$; select 1; $$",
  "%s %I %L %1$s %",
  "\\'; --",
  "\\u0000",
  '{"a": 1}',
  "../../rest/v1/job",
  "a?b=c#d",
  "\u0001\u001f\u007f",
  "a\nX-Job: true\r\n",
  "\u200b\u202e\u2028",
  "𝄞€ﬁⅣİſ",
  "e\u0301\u0301\u0301\u0301",
  "true",
  "-1",
  "NaN",
  "infinity",
  "2147483648",
  "00000000-0000-0000-0000-000000000000",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

/** Texts that are not of any other type: the cast refuses them before a function is called. */
const NO_VALUES = ["", "x", "1.5.2", "{", "0x1G", "2026-13-45", "--"];

/** JSON documents as SQL, among them huge and deep ones. */
export function jsonValue(choose: Choice, depth = 0): string {
  return choose.weighted<() => string>([
    [6, () => `${quote(JSON.stringify(document(choose, depth)))}::jsonb`],
    [1, () => `(repeat('[', ${deep(choose)}) || repeat(']', ${deep(choose)}))::jsonb`],
    [1, () => {
      const levels = deep(choose);
      return `(repeat('{"a":', ${levels}) || '1' || repeat('}', ${levels}))::jsonb`;
    }],
    [1, () => `to_jsonb(repeat('é', ${choose.pick([32_767, 65_536, 131_073, 524_288])}))`],
    [1, () => `(select jsonb_agg(n) from generate_series(1, ${choose.pick([1000, 70_000])}) n)`],
    [
      1,
      () =>
        `${
          quote(choose.pick(['"\\u0000"', '{"a": "\\ud800"}', "1e400", "1e131072", "{", "[1,]"]))
        }::jsonb`,
    ],
    [
      1,
      () =>
        `${quote(choose.pick(["1e1000", "-0", "123456789012345678901234567890", "null"]))}::jsonb`,
    ],
  ])();
}

const deep = (choose: Choice) => choose.pick([3, 500, 5000, 6000]);

/** A small document of any kind. */
export function document(choose: Choice, depth = 0): unknown {
  const more = () => document(choose, depth + 1);
  return choose.weighted<() => unknown>([
    [2, () => choose.pick<unknown>([null, true, false, 0, -1, 1.5, 2147483648, 1e300, 42])],
    [2, () => choose.pick(ODD_TEXTS.filter((text) => !text.includes("\u0000")))],
    [depth > 3 ? 0 : 1, () => Array.from({ length: choose.below(4) }, more)],
    [
      depth > 3 ? 0 : 2,
      () =>
        Object.fromEntries(
          Array.from({ length: choose.below(4) }, () => [
            choose.pick(["a", "", "__proto__", "user_id", "X-Job-Token", "message", "level"]),
            more(),
          ]),
        ),
    ],
  ])();
}

type Generate = (choose: Choice) => string;

const texts: Generate = (choose) =>
  choose.weighted<() => string>([
    [12, () => quote(choose.pick(ODD_TEXTS))],
    [1, () => `repeat('ab', ${choose.pick([128, 5000, 600_000])})`],
    [1, () => choose.pick(["E'\\xff\\xfe'", "E'\\xc3\\x28'", "E'\\xed\\xa0\\x80'", "E'\\000'"])],
  ])();

const cast = (type: string, values: string[]): Generate => (choose) =>
  `${quote(choose.pick(choose.chance(0.1) ? NO_VALUES : values))}::${type}`;

const GENERATORS: Record<string, Generate> = {
  text: texts,
  jsonb: jsonValue,
  uuid: (choose) =>
    choose.chance(0.5) ? "gen_random_uuid()" : cast("uuid", [
      "00000000-0000-0000-0000-000000000000",
      "ffffffff-ffff-ffff-ffff-ffffffffffff",
      "{A0000000-0000-0000-0000-00000000000A}",
    ])(choose),
  boolean: cast("boolean", ["true", "false"]),
  integer: cast("integer", ["0", "1", "3", "-1", "100", "101", "2147483647", "-2147483648"]),
  bigint: cast("bigint", ["0", "-1", "9223372036854775807", "-9223372036854775808"]),
  numeric: cast("numeric", ["0", "0.5", "-1", "1e10", "1e1000", "NaN", "Infinity", "-Infinity"]),
  "double precision": cast("double precision", ["0", "-1", "1e308", "NaN", "Infinity"]),
  interval: cast("interval", [
    "0",
    "1 second",
    "-5 minutes",
    "1 month -1 day",
    "178000000 years",
    "-178000000 years",
    "1.5 seconds",
    "15 minutes",
    "infinity",
    "-infinity",
  ]),
  "timestamp with time zone": cast("timestamptz", [
    "2030-01-01 00:00:30+00",
    "2029-12-31 23:00+00",
    "4713-01-01 BC",
    "294276-12-31",
    "epoch",
    "infinity",
    "-infinity",
    "2030-02-30 12:00",
  ]),
  date: cast("date", ["2030-01-01", "infinity", "5874897-12-31", "4713-01-01 BC"]),
};

/** Whether there are values of a type here. */
export function knowsType(type: string): boolean {
  return type.replace(/\[\]$/, "") in GENERATORS;
}

/**
 * Any value of a type, as SQL. Throws for a type that it does not know: whoever makes a function with
 * one teaches it here.
 */
export function anyValue(type: string, choose: Choice): string {
  if (choose.chance(0.08)) return `null::${type}`;
  if (type.endsWith("[]")) {
    const element = type.slice(0, -2);
    const items = Array.from({ length: choose.below(4) }, () => anyValue(element, choose));
    return `array[${items.join(", ")}]::${type}`;
  }
  const generate = GENERATORS[type];
  if (!generate) throw new Error(`the fuzzer knows no values of type ${type}: add some here`);
  return generate(choose);
}
