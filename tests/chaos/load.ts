// What the users do while things die: they queue jobs of both protocols, through the API.
import { setTimeout as pause } from "node:timers/promises";
import type { User, World } from "./world.ts";

/** What the load is made of. */
export interface LoadOptions {
  jobs: number;
  /** How long a job takes: from, to, in milliseconds. */
  milliseconds: [number, number];
  /** Ends that count as right. */
  expect: string[];
}

export interface NewJob {
  job_name: string;
  request_body: Record<string, unknown>;
  max_retries?: number;
}

/** A load that is going on. */
export interface Load {
  /** Ids that the API has acknowledged. */
  acknowledged: Set<string>;
  /** Resolves when everything is queued. */
  done: Promise<void>;
  /** Queues jobs of a user, once the API takes them. */
  queue(user: User, jobs: NewJob[]): Promise<void>;
  /** Ends the bystander's trickle. */
  stop(): Promise<void>;
}

/** Tries that no outage of a run uses up: a job that fails for good was treated wrongly. */
const MANY_TRIES = 50;
const BATCH = 5;

/** Starts to queue: every user a few jobs at a time, and the bystander one job now and then. */
export function startLoad(world: World, options: LoadOptions): Load {
  const acknowledged = new Set<string>();
  const [from, to] = options.milliseconds;
  let stopped = false;

  async function queue(user: User, jobs: NewJob[]): Promise<void> {
    const deadline = Date.now() + 90_000;
    while (true) {
      const ids = await tryToQueue(world, user, jobs);
      if (typeof ids !== "string") return ids.forEach((id) => acknowledged.add(id));
      if (Date.now() > deadline) throw new Error(`the API has refused a job for 90 s: ${ids}`);
      await pause(500);
    }
  }

  const newJob = (place: number): NewJob => ({
    job_name: place % 5 < 3 ? "chaos-library" : "chaos-plain",
    max_retries: MANY_TRIES,
    request_body: {
      ms: Math.round(from + world.random() * (to - from)),
      commit: place % 5 === 0,
      expect: options.expect,
    },
  });

  async function queueAll(user: User, count: number): Promise<void> {
    for (let queued = 0; queued < count && !stopped; queued += BATCH) {
      const jobs = Array.from(
        { length: Math.min(BATCH, count - queued) },
        (_, place) => newJob(queued + place),
      );
      await queue(user, jobs);
      await pause(300 + world.random() * 1500);
    }
  }

  async function trickle(): Promise<void> {
    while (!stopped) {
      const request_body = { ms: 10, expect: ["completed"] };
      await queue(world.bystander, [
        { job_name: "chaos-untouched", max_retries: MANY_TRIES, request_body },
      ]);
      await pause(900);
    }
  }

  const each = Math.ceil(options.jobs / world.users.length);
  const done = Promise.all(world.users.map((user) => queueAll(user, each))).then(() => {});
  const trickling = trickle();
  for (const promise of [done, trickling]) promise.catch(() => {});
  return {
    acknowledged,
    done,
    queue,
    async stop() {
      stopped = true;
      await Promise.all([done, trickling]);
    },
  };
}

/** The new ids, none if the user is gone, or why it must be tried again. */
async function tryToQueue(world: World, user: User, jobs: NewJob[]): Promise<string[] | string> {
  try {
    const response = await callApi(world, user, "queue_jobs", { _jobs: jobs });
    const answer = await response.json();
    if (response.ok) return answer as string[];
    if (answer.code === "JQ404") return [];
    const said = `${response.status} ${JSON.stringify(answer)}`;
    return response.status >= 500 ? said : Promise.reject(new Refusal(said));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    return String(error);
  }
}

class Refusal extends Error {}

/** Calls a function of the public API as a user. */
export function callApi(world: World, user: User, name: string, args: unknown): Promise<Response> {
  return fetch(`${world.stack.apiUrl}/rest/v1/rpc/${name}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      apikey: world.stack.anonKey,
      Authorization: user.authorization,
    },
    body: JSON.stringify(args),
    signal: AbortSignal.timeout(15_000),
  });
}
