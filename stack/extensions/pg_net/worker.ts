// The worker of our pg_net: sends what net.http_post and its siblings queue, as the original does.
//   deno run -A worker.ts --database-url ADMIN_URL [--exit-with-stdin]
// A batch of up to 200 requests is one transaction: they are deleted, all sent at once, and their
// responses are committed when the slowest is done. Killed in between, it rolls back and the next
// worker sends them again.
import postgres from "postgres";
import { listen } from "../listen.ts";
import { readWorkerArguments, runForever, sleep } from "../worker.ts";
import { type QueuedRequest, send } from "./request.ts";

const BATCH_SIZE = 200;
const TIME_TO_LIVE = "6 hours";
const PAUSE_MILLISECONDS = 1000;

/** Works until a connection breaks, the signal fires, or net.worker_restart() is called. */
async function work(databaseUrl: string, stop: AbortSignal): Promise<void> {
  const sql = postgres(databaseUrl, {
    max: 1,
    max_lifetime: null,
    connection: { application_name: "pg_net 0.20.4" },
    onnotice: () => {},
  });
  // One wake is kept, and it cuts short whatever is being waited for: so the first one after an
  // idle spell shortens the pause after its batch, and the later ones of that batch do not.
  const wake = { asked: true, latch: true, ring: () => {} };
  const restart = new AbortController();
  const ended = AbortSignal.any([stop, restart.signal]);
  ended.addEventListener("abort", () => wake.ring());
  const pause = async (milliseconds?: number) => {
    if (!wake.latch && !ended.aborted) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        wake.ring = resolve;
        if (milliseconds !== undefined) timer = setTimeout(resolve, milliseconds);
      });
      clearTimeout(timer);
      wake.ring = () => {};
    }
    wake.latch = false;
  };
  const listener = await listen(databaseUrl, "pg_net 0.20.4 listener", {
    pg_net_wake: () => {
      if (wake.asked) return;
      wake.asked = true;
      wake.latch = true;
      wake.ring();
    },
    pg_net_restart: () => restart.abort(),
  }, () => restart.abort());
  try {
    while (!ended.aborted) {
      if (!(await isInstalled(sql))) {
        await sleep(PAUSE_MILLISECONDS, ended);
        continue;
      }
      if (!wake.asked) {
        await pause();
        continue;
      }
      wake.asked = false;
      let busy = true;
      while (busy && !ended.aborted) {
        const expired = await deleteExpired(sql);
        const sent = await runBatch(sql);
        await pause(PAUSE_MILLISECONDS);
        busy = sent > 0 || expired > 0;
      }
    }
  } finally {
    await listener.end();
    await sql.end({ timeout: 1 });
  }
}

async function isInstalled(sql: postgres.Sql): Promise<boolean> {
  const [row] = await sql`select from pg_extension where extname = 'pg_net'`;
  return row !== undefined;
}

async function deleteExpired(sql: postgres.Sql): Promise<number> {
  const result = await sql`
    delete from net._http_response where ctid in (
      select ctid from net._http_response where created < now() - ${TIME_TO_LIVE}::interval
      order by created limit ${BATCH_SIZE}
    )`;
  return result.count;
}

async function runBatch(sql: postgres.Sql): Promise<number> {
  return await sql.begin(async (transaction) => {
    const requests = await transaction<QueuedRequest[]>`
      with batch as (select id from net.http_request_queue order by id limit ${BATCH_SIZE})
      delete from net.http_request_queue as q using batch where q.id = batch.id
      returning q.id, q.method, q.url, q.headers, q.body, q.timeout_milliseconds`;
    if (requests.length === 0) return 0;
    const responses = await Promise.all(requests.map((request) => send(request)));
    await transaction`
      insert into net._http_response
        (id, status_code, content_type, headers, content, timed_out, error_msg)
      select * from jsonb_to_recordset(${transaction.json(responses as never)}) as response (
        id bigint, status_code int, content_type text, headers jsonb, content text,
        timed_out bool, error_msg text)`;
    return requests.length;
  }) as number;
}

if (import.meta.main) {
  await runForever("pg_net", readWorkerArguments(Deno.args), work);
}
