import { setTimeout as delay } from "node:timers/promises";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import postgres from "postgres";

/** Where a project can be reached. */
export interface Project {
  apiUrl: string;
  anonKey: string;
  jwtSecret: string;
  dbUrl: string;
}

/** The project under test: tests/run.ts starts one, or the caller names one. */
export function projectUnderTest(): Project {
  return {
    apiUrl: variable("TEST_API_URL"),
    anonKey: variable("TEST_ANON_KEY"),
    jwtSecret: variable("TEST_JWT_SECRET"),
    dbUrl: variable("TEST_DATABASE_URL"),
  };
}

function variable(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is not set: run these tests with npm test -- e2e`);
  return value;
}

/** A signed-up and signed-in user. */
export interface User {
  id: string;
  email: string;
  client: SupabaseClient;
}

export interface Job {
  id: string;
  user_id: string | null;
  job_name: string;
  request_body: unknown;
  state: string;
  retries: number;
  max_retries: number;
  next_run_at: string | null;
  last_run_at: string | null;
  locked_at: string | null;
  last_error: string | null;
  result: unknown;
}

/** A client with the anon key and no session. */
export function clientOf(project: Project, authorization?: string): SupabaseClient {
  return createClient(project.apiUrl, project.anonKey, {
    auth: { persistSession: false, autoRefreshToken: false },
    ...(authorization && { global: { headers: { Authorization: authorization } } }),
  });
}

export async function newUser(project: Project): Promise<User> {
  const client = clientOf(project);
  const email = `user-${crypto.randomUUID()}@example.com`;
  const { data, error } = await client.auth.signUp({ email, password: "a-test-password" });
  if (error || !data.user) throw new Error(`no user: ${error?.message}`);
  return { id: data.user.id, email, client };
}

/** A session as postgres, closed by `close`. */
export function openDatabase(project: Project): { sql: postgres.Sql; close(): Promise<void> } {
  const sql = postgres(project.dbUrl, { max: 2, onnotice: () => {} });
  return { sql, close: () => sql.end() };
}

/** The value of a call that must not fail. */
export async function must<T>(
  call: PromiseLike<{ data: T; error: { message: string; code?: string } | null }>,
): Promise<NonNullable<T>> {
  const { data, error } = await call;
  if (error) throw new Error(`${error.code}: ${error.message}`);
  return data as NonNullable<T>;
}

export async function readJob(client: SupabaseClient, id: string): Promise<Job> {
  return await must(client.from("job").select("*").eq("id", id).single()) as Job;
}

/** Waits until the job satisfies `is`; the error shows the job as it was last. */
export async function untilJob(
  client: SupabaseClient,
  id: string,
  is: (job: Job) => boolean,
  seconds = 20,
): Promise<Job> {
  const deadline = Date.now() + seconds * 1000;
  while (true) {
    const job = await readJob(client, id);
    if (is(job)) return job;
    if (Date.now() > deadline) {
      throw new Error(`not so after ${seconds} s: ${is}; the job is ${JSON.stringify(job)}`);
    }
    await delay(100);
  }
}

/** The messages of the job's log, oldest first. */
export async function logOf(client: SupabaseClient, id: string): Promise<string[]> {
  const lines = await must(
    client.from("job_logs").select("log_message").eq("job_id", id).order("id"),
  );
  return lines.map((line) => line.log_message);
}
