// The stack of one scenario, with the proxies, the users and the tables it needs.
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import postgres from "postgres";
import { type Stack, startStack } from "../../stack/stack.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { type Proxy, startProxy } from "./proxy.ts";

export interface User {
  id: string;
  authorization: string;
}

export interface World {
  stack: Stack;
  /** As the superuser. Connects again when the database was away. */
  sql: postgres.Sql;
  /** Numbers in [0, 1) that the seed determines. */
  random: () => number;
  /** Between pg_net and the API. */
  gateway: Proxy;
  /** Between the functions and the API. */
  reports: Proxy;
  users: User[];
  /** Has a lane of its own that no fault is aimed at. */
  bystander: User;
  stop(): Promise<void>;
}

export const USERS = 20;

/** Boots a stack on free ports in a temporary folder, ready for load. */
export async function createWorld(seed: number): Promise<World> {
  const dataDir = await temporaryFolder();
  const gateway = await startProxy();
  const reports = await startProxy();
  const stops: (() => Promise<unknown>)[] = [
    () => Deno.remove(dataDir, { recursive: true }),
    gateway.stop,
    reports.stop,
  ];
  const stop = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    const stack = await startStack({
      dataDir,
      ports: "free",
      functionsDir: join(import.meta.dirname!, "functions"),
      fsync: false,
      quiet: true,
      secrets: { CHAOS_API_URL: reports.url },
    });
    stops.push(stack.stop);
    const apiPort = Number(new URL(stack.apiUrl).port);
    gateway.setTarget(apiPort);
    reports.setTarget(apiPort);
    const sql = connect(stack.adminUrl);
    stops.push(() => sql.end({ timeout: 2 }));
    await sql.unsafe(await Deno.readTextFile(new URL("./schema.sql", import.meta.url))).simple();
    await sql`select vault.update_secret(s.id, ${gateway.url}) from vault.secrets s
      where s.name = 'supabase_url'`;
    const [bystander, ...users] = await createUsers(sql, USERS + 1);
    return {
      stack,
      sql,
      random: seededRandom(seed),
      gateway,
      reports,
      users,
      bystander: bystander!,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A session that is not kept waiting by a database that was away. */
export function connect(url: string, max = 4): postgres.Sql {
  return postgres(url, { max, onnotice: () => {}, connect_timeout: 5, backoff: () => 0.3 });
}

async function createUsers(sql: postgres.Sql, count: number): Promise<User[]> {
  return await sql<User[]>`
    with users as (
      insert into auth.users (id, email)
      select gen_random_uuid(), 'chaos-' || n || '@example.com' from generate_series(1, ${count}) n
      returning id, email)
    select id, private.generate_user_jwt(id, 'authenticated', email) as authorization from users`;
}

/** A generator of numbers in [0, 1) that a seed determines (xorshift of 32 bits). */
function seededRandom(seed: number): () => number {
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Asks until the answer is yes; false when the time is over. What fails meanwhile counts as no. */
export async function until(is: () => boolean | Promise<boolean>, seconds: number) {
  const deadline = Date.now() + seconds * 1000;
  while (Date.now() < deadline) {
    if (await Promise.resolve().then(is).catch(() => false)) return true;
    await pause(200);
  }
  return false;
}

/** The value of a query that is repeated while the database is away. */
export async function patiently<T>(query: () => PromiseLike<T>, seconds = 60): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  while (true) {
    try {
      return await query();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(300);
    }
  }
}
