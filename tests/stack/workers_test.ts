// What the two programs that stand in for background workers survive.
import { deepStrictEqual as equal, ok } from "node:assert";
import * as fs from "node:fs/promises";
import postgres from "postgres";
import { isDueInMinute, parseSchedule } from "../../stack/extensions/pg_cron/schedule.ts";
import { startPostgres } from "../../stack/services/postgres.ts";
import { startTemporaryDatabase, temporaryFolder } from "../support/temporary.ts";
import { startWorker } from "../support/worker.ts";

async function until(what: string, ask: () => Promise<unknown>, seconds = 15): Promise<void> {
  for (let tries = 0; tries < seconds * 20; tries++) {
    if (await ask()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

function listen(hits: string[], wait: (path: string) => number) {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    hits.push(pathname);
    await new Promise((resolve) => setTimeout(resolve, wait(pathname)));
    return new Response("ok");
  });
}

Deno.test("a net worker killed in mid-batch: the batch is rolled back and sent again", async () => {
  const database = await startTemporaryDatabase();
  const sql = postgres(database.url, { max: 2, onnotice: () => {} });
  const hits: string[] = [];
  const server = listen(hits, (path) => path === "/slow" && hits.length <= 2 ? 4000 : 0);
  let worker = startWorker("pg_net/worker.ts", database);
  try {
    await sql`create extension pg_net with schema extensions`;
    const base = `http://127.0.0.1:${server.addr.port}`;
    await sql`select net.http_get(${base} || path) from unnest(array['/quick', '/slow']) as path`;
    await until("both requests", () => Promise.resolve(hits.length === 2));
    worker.kill("SIGKILL");
    await worker.stop();
    equal((await sql`select from net.http_request_queue`).length, 2);

    worker = startWorker("pg_net/worker.ts", database);
    await until(
      "two responses",
      async () => (await sql`select from net._http_response where status_code = 200`).length === 2,
    );
    equal(hits.sort(), ["/quick", "/quick", "/slow", "/slow"]);
  } finally {
    await worker.stop();
    await sql.end();
    await server.shutdown();
    await database.stop();
  }
});

Deno.test("net and cron go on after the database was killed and started again", async () => {
  const dataDir = await temporaryFolder();
  let database = await startPostgres({ dataDir, port: 0, fsync: false });
  const { port } = database;
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  const hits: string[] = [];
  const server = listen(hits, () => 0);
  const workers = [startWorker("pg_net/worker.ts", database)];
  workers.push(startWorker("pg_cron/scheduler.ts", database));
  try {
    await sql`create extension pg_cron with schema pg_catalog`;
    await sql`create extension pg_net with schema extensions`;
    const url = `http://127.0.0.1:${server.addr.port}/tick`;
    await sql`select cron.schedule('tick', '1 second', ${`select net.http_get('${url}')`})`;
    await until("the first tick", () => Promise.resolve(hits.length > 0));

    process.kill(database.pid, "SIGKILL");
    await until(
      "the end of Postgres",
      () => fs.stat(`/proc/${database.pid}`).then(() => false, () => true),
    );
    database = await startPostgres({ dataDir, port, fsync: false });
    const before = hits.length;
    await until("ticks after the restart", () => Promise.resolve(hits.length > before + 1));
    const [{ left }] = await sql<[{ left: number }]>`
      select count(*)::int as left from cron.job_run_details
      where status in ('starting', 'running') and start_time < now() - interval '5 seconds'`;
    equal(left, 0);
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    await sql.end();
    await server.shutdown();
    await database.stop();
    await fs.rm(dataDir, { recursive: true, force: true });
  }
});

Deno.test("cron expressions are due at their minute, in GMT", () => {
  const at = (text: string) => new Date(`2026-11-24T${text}:00Z`);
  const due = (expression: string, time: string) => {
    const schedule = parseSchedule(expression);
    ok(schedule.kind === "expression");
    return isDueInMinute(schedule.expression, at(time));
  };
  ok(due("* * * * *", "07:30"));
  ok(due("*/5 * * * *", "07:30") && !due("*/5 * * * *", "07:31"));
  ok(due("30 7 * * tue", "07:30") && !due("30 7 * * wed", "07:30"));
  ok(due("@hourly", "07:00") && !due("@hourly", "07:30"));
  ok(!due("0 0 $ * *", "00:00"));
  ok(isDueInMinute("0 0 L * *", new Date("2026-11-30T00:00:00Z")));
  equal(parseSchedule("30 seconds"), { kind: "interval", seconds: 30 });
});
