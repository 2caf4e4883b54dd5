import type { Locator, Page } from "playwright-core";

/** Throws with `what` where a condition does not hold. */
export function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** Throws unless two values are the same as JSON. */
export function equal(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: expected ${b}, found ${a}`);
}

/** Waits until something is visible. */
export async function see(where: Page | Locator, text: string | RegExp): Promise<void> {
  await where.getByText(text).first().waitFor();
}

/** Waits until a condition holds, at most so long. */
export async function eventually(
  condition: () => Promise<boolean> | boolean,
  what: string,
  milliseconds = 20_000,
): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!await condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${milliseconds / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Throws where the page's scripts or its console complained. */
export function nothingWrong(complaints: string[]): void {
  equal(complaints, [], "complaints of the page");
}
