// One attack: what is tried, and how it must be refused.
import { type Actor, type RequestOptions, snapshot, type World } from "./world.ts";

export interface Attack {
  /** Which part of the list it belongs to. */
  theme: string;
  who: Actor | "nobody" | "a stranger's server";
  what: string;
  /** The status, and the code of the answer's JSON or what its text must be. */
  expect: { status: number; code?: string; text?: RegExp };
  /** Does it. */
  attempt(world: World): Promise<Response>;
}

export interface Refused {
  theme: string;
  who: string;
  what: string;
  status: number;
  code: string;
  message: string;
  /** What is wrong: it was not refused as it must be, or something has changed. */
  problem: string | null;
}

/** An attack that is one request to the API. */
export function request(
  theme: string,
  who: Actor,
  what: string,
  expect: Attack["expect"],
  path: string | ((world: World) => string),
  options: RequestOptions | ((world: World) => RequestOptions) = {},
): Attack {
  return {
    theme,
    who,
    what,
    expect,
    attempt: (world) =>
      world.request(
        who,
        typeof path === "string" ? path : path(world),
        typeof options === "function" ? options(world) : options,
      ),
  };
}

/** Tries an attack and looks whether anything is other than before. */
export async function tryAttack(world: World, attack: Attack, before: string): Promise<Refused> {
  const response = await attack.attempt(world);
  const text = await response.text();
  const { code, message } = readAnswer(text);
  const { expect } = attack;
  const problems = [
    response.status !== expect.status &&
    `expected the status ${expect.status}, found ${response.status}`,
    expect.code !== undefined && code !== expect.code &&
    `expected the code ${expect.code}, found ${code || "none"}`,
    expect.text && !expect.text.test(text) &&
    `expected ${expect.text}, found ${text.slice(0, 200)}`,
    await snapshot(world) !== before && "something has changed",
  ].filter((problem) => typeof problem === "string");
  return {
    theme: attack.theme,
    who: attack.who,
    what: attack.what,
    status: response.status,
    code,
    message: withoutIds(message, world),
    problem: problems.length > 0 ? problems.join("; ") : null,
  };
}

/** Code and message of PostgREST's, the gateway's or the library's answer. */
function readAnswer(text: string): { code: string; message: string } {
  try {
    const answer = JSON.parse(text);
    if (Array.isArray(answer)) return { code: "", message: answer.length ? text : "no row" };
    if (answer === false) return { code: "", message: "false" };
    const { code = "", message, error, msg, status } = answer;
    return { code: String(code), message: message ?? error ?? msg ?? status ?? text };
  } catch {
    return { code: "", message: text };
  }
}

/** The same text in every run. */
function withoutIds(text: string, { target }: World): string {
  return text.replaceAll(target.apiUrl, "").replace(
    /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi,
    "…",
  )
    .replace(/\s+/g, " ").slice(0, 160);
}
