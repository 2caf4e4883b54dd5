/**
 * Stands in for `jsr:@std/assert` where JSR cannot be reached: the functions that are used here,
 * with the signatures that they have there.
 */
import { isDeepStrictEqual } from "node:util";

export class AssertionError extends Error {
  override name = "AssertionError";
}

export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  fail(`expected ${show(expected)}, found ${show(actual)}`, msg);
}

export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!isDeepStrictEqual(actual, expected)) return;
  fail(`expected anything but ${show(expected)}`, msg);
}

export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  fail(`expected exactly ${show(expected)}, found ${show(actual)}`, msg);
}

export function assertExists<T>(
  actual: T,
  msg?: string,
): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  fail(`expected a value, found ${actual}`, msg);
}

export function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void {
  if (!expected.test(actual)) {
    fail(`expected ${expected} to match ${show(actual)}`, msg);
  }
}

export function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void {
  if (!actual.includes(expected)) {
    fail(`expected ${show(actual)} to contain ${show(expected)}`, msg);
  }
}

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = new (...args: any[]) => E;

export function assertThrows(fn: () => unknown, msg?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  ...expected: Expected
): unknown {
  try {
    fn();
  } catch (error) {
    return checkError(error, expected);
  }
  fail("expected the function to throw", messageOf(expected));
}

export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  ...expected: Expected
): Promise<unknown> {
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    fail(
      `expected a promise that rejects, found that ${show(error)} was thrown`,
      messageOf(expected),
    );
  }
  try {
    await promise;
  } catch (error) {
    return checkError(error, expected);
  }
  fail("expected the promise to reject", messageOf(expected));
}

type Expected =
  | [msg?: string]
  | [ErrorClass: ErrorClass<Error>, msgIncludes?: string, msg?: string];

function messageOf(expected: Expected): string | undefined {
  return typeof expected[0] === "function" ? expected[2] : expected[0];
}

function checkError(error: unknown, expected: Expected): unknown {
  const [wanted, includes] = expected;
  if (typeof wanted !== "function") return error;
  if (!(error instanceof wanted)) {
    fail(
      `expected a ${wanted.name}, found ${show(error)}`,
      messageOf(expected),
    );
  }
  if (includes !== undefined && !error.message.includes(includes)) {
    fail(
      `expected the error to say ${show(includes)}, found ${show(error.message)}`,
      messageOf(expected),
    );
  }
  return error;
}

function fail(problem: string, msg?: string): never {
  throw new AssertionError(msg ? `${problem}: ${msg}` : problem);
}

function show(value: unknown): string {
  return Deno.inspect(value, { depth: 8, strAbbreviateSize: 2_000 });
}
