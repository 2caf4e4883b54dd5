// The functions of the load that are not real ones: rings of pg_net come here, and SQL sessions do what the
// functions' library does through REST: start, heartbeat, finish with hand-over. Two cores cannot pass
// 100,000 jobs through isolates and REST in ten minutes beside Postgres itself. Rings of real functions are
// passed on; they tell here what they did.
import postgres from "postgres";
import { type Ledger, now, type Run } from "./ledger.ts";
import type { LoadName } from "./names.ts";

const SESSIONS = 16;

export interface Actor {
  /** Base URL: what the vault's supabase_url must be. */
  url: string;
  ledgerUrl: string;
  stop(): Promise<void>;
}

interface ClaimedJob {
  id: string;
  token: string;
  attempt: number;
  retries: number;
  request_body: { milliseconds: number; failures: number };
}

/** Listens for rings and for reports of real functions. */
export function startActor(options: {
  dbUrl: string;
  apiUrl: string | null;
  names: LoadName[];
  ledger: Ledger;
}): Actor {
  const { ledger } = options;
  const names = new Map(options.names.map((name) => [name.name, name]));
  const sql = postgres(options.dbUrl, {
    max: SESSIONS,
    onnotice: () => {},
    connection: { role: "service_role" },
  });
  const working = new Set<Promise<void>>();

  async function handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/ledger") {
      ledger.add(await request.json() as Run);
      return new Response(null, { status: 204 });
    }
    const name = names.get(pathname.split("/").at(-1)!);
    if (name?.by !== "sql") return await passOn(request, options.apiUrl);
    await request.body?.cancel();
    const headers = {
      "X-Job": "true",
      "X-Correlation-ID": request.headers.get("X-Correlation-ID")!,
    };
    const job = await start(request.headers);
    if (job === null) return new Response(null, { status: 401, headers });
    const work: Promise<void> = workLoop(name, job)
      .catch((error) => void ledger.errors.push(String(error)))
      .finally(() => working.delete(work));
    working.add(work);
    return new Response(null, { status: 202, headers });
  }

  async function start(headers: Headers): Promise<ClaimedJob | null> {
    const [row] = await sql`
      select public.start_job(${headers.get("X-Correlation-ID")}, ${headers.get("X-Job-Token")},
        ${crypto.randomUUID()}) as answer`;
    return row!.answer.job ?? null;
  }

  async function workLoop(name: LoadName, first: ClaimedJob): Promise<void> {
    for (let job: ClaimedJob | null = first; job;) job = await work(name, job);
  }

  async function work(name: LoadName, job: ClaimedJob): Promise<ClaimedJob | null> {
    const startedAt = now();
    await pause(job.request_body.milliseconds / 2);
    if (name.heartbeat) {
      await sql`select public.heartbeat_job(${job.id}, ${job.token}, ${sql.json({ half: true })})`;
    }
    await pause(job.request_body.milliseconds / 2);
    ledger.add({ job: job.id, attempt: job.attempt, startedAt, endedAt: now() });
    const outcome = job.retries < job.request_body.failures ? "failed" : "completed";
    const [row] = await sql`
      select public.finish_job(${job.id}, ${job.token}, ${outcome},
        _error => ${
      outcome === "failed" ? "as its body says" : null
    }, _accept_next => true) as answer`;
    const { status, state, next } = row!.answer;
    if (status === "ok") ledger.confirmed.set(job.id, state);
    else ledger.errors.push(`finish_job of ${job.id} answered ${JSON.stringify(row!.answer)}`);
    return next;
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handle);
  const url = `http://127.0.0.1:${server.addr.port}`;
  return {
    url,
    ledgerUrl: `${url}/ledger`,
    async stop() {
      while (working.size > 0) await Promise.all(working);
      await server.shutdown();
      await sql.end();
    },
  };
}

async function passOn(request: Request, apiUrl: string | null): Promise<Response> {
  if (apiUrl === null) return new Response("no such function", { status: 404 });
  return await fetch(apiUrl + new URL(request.url).pathname, {
    method: request.method,
    headers: request.headers,
    body: await request.text(),
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
