import { setTimeout as delay } from "node:timers/promises";
import type { SupabaseClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { type DemoRow, showTable } from "./demo_table.ts";
import { signIn } from "./demo_user.ts";
import type { Stack } from "./stack.ts";

const PATIENCE_SECONDS = 120;

interface DemoJob {
  title: string;
  name: string;
  body?: unknown;
  maxRetries?: number;
  inSeconds?: number;
  /** How it must end. */
  expected: (row: DemoRow) => boolean;
}

const completed = (row: DemoRow) => row.state === "completed";
const daysAgo = (days: number) =>
  new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
const today = daysAgo(0);

const jobs: DemoJob[] = [
  {
    title: "the article's protocol",
    name: "example-job",
    body: { greeting: "hello" },
    expected: completed,
  },
  { title: "with the library", name: "send-digest", body: { day: today }, expected: completed },
  {
    title: "a body that is not valid",
    name: "send-digest",
    body: { day: "someday" },
    expected: (row) => row.state === "failed" && row.attempt === 1,
  },
  {
    title: "in five seconds",
    name: "send-digest",
    body: { day: today },
    inSeconds: 5,
    expected: completed,
  },
  {
    title: "fails, is tried three times",
    name: "always-fails",
    maxRetries: 3,
    expected: (row) => row.state === "failed" && row.retries === 3,
  },
];

/** Queues the demo's jobs as a signed-in user, shows them until all ended; true if as expected. */
export async function runDemo(stack: Stack, signal: AbortSignal): Promise<boolean> {
  await shortenBackOff(stack.dbUrl);
  const ada = await signIn(stack, "ada@example.com");
  const bob = await signIn(stack, "bob@example.com");

  const expectations = new Map<string, { title: string; expected: DemoJob["expected"] }>();
  for (const job of jobs) expectations.set(await queue(ada, job), job);
  const tenAtOnce = Array.from({ length: 10 }, (_, i) => ({
    job_name: "send-digest",
    request_body: { day: daysAgo(i) },
  }));
  for (const [i, id] of await queueMany(bob, tenAtOnce)) {
    expectations.set(id, { title: `bob's, ${i + 1} of ten at once`, expected: completed });
  }

  const table = showTable();
  const deadline = Date.now() + PATIENCE_SECONDS * 1000;
  let rows: DemoRow[] = [];
  while (!signal.aborted && Date.now() < deadline) {
    rows = await readJobs([ada, bob], expectations);
    table.update(rows);
    if (rows.length === expectations.size && rows.every(hasEnded)) break;
    await delay(250);
  }
  if (signal.aborted) return false;

  const wrong = rows.filter((row) => !expectations.get(row.id)?.expected(row));
  for (const row of wrong) {
    console.log(`not as expected: ${row.title} (${row.job_name} ${row.id}) is ${row.state}`);
  }
  if (wrong.length === 0) console.log(`\nAll ${rows.length} jobs ended as expected.`);
  return wrong.length === 0 && rows.length === expectations.size;
}

/** Minutes of back-off are right for a project and wrong for a demo. */
export async function shortenBackOff(databaseUrl: string): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
  try {
    await sql`
      insert into public.job_config (job_name, backoff_seconds, description)
      values ('always-fails', 1, 'Shortened by the demo of the local stack')
      on conflict (job_name) do update set backoff_seconds = excluded.backoff_seconds`;
  } finally {
    await sql.end();
  }
}

async function queue(client: SupabaseClient, job: DemoJob): Promise<string> {
  const runAt = job.inSeconds && new Date(Date.now() + job.inSeconds * 1000).toISOString();
  const { data, error } = await client.rpc("queue_job", {
    _job_name: job.name,
    _request_body: job.body ?? {},
    ...(job.maxRetries && { _max_retries: job.maxRetries }),
    ...(runAt && { _run_at: runAt }),
  });
  if (error) throw new Error(`queue_job refused ${job.name}: ${error.message}`);
  return data;
}

async function queueMany(
  client: SupabaseClient,
  many: unknown[],
): Promise<IterableIterator<[number, string]>> {
  const { data, error } = await client.rpc("queue_jobs", { _jobs: many });
  if (error) throw new Error(`queue_jobs refused: ${error.message}`);
  return (data as string[]).entries();
}

async function readJobs(
  clients: SupabaseClient[],
  titles: Map<string, { title: string }>,
): Promise<DemoRow[]> {
  const found = new Map<string, DemoRow>();
  for (const client of clients) {
    const { data, error } = await client
      .from("job")
      .select(
        "id, job_name, state, retries, max_retries, attempt, created_at, finished_at, last_error",
      )
      .in("id", [...titles.keys()]);
    if (error) throw new Error(`the jobs could not be read: ${error.message}`);
    for (const row of data) found.set(row.id, { ...row, title: titles.get(row.id)!.title });
  }
  return [...titles.keys()].flatMap((id) => found.get(id) ?? []);
}

function hasEnded({ state }: DemoRow): boolean {
  return state === "completed" || state === "failed" || state === "canceled";
}
