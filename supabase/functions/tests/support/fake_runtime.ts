/**
 * A small engine in memory, spoken to over HTTP like the real one: enough of the runtime API to
 * test functions without a database. What it must do is written in docs and proven on the real
 * engine by the end-to-end tests.
 */

export interface FakeJob {
  id: string;
  job_name: string;
  user_id: string | null;
  request_body: unknown;
  state: "pending" | "running" | "completed" | "failed" | "canceled";
  retries: number;
  max_retries: number;
  attempt: number;
  token: string;
  steps: Record<string, unknown>;
  /** What a canceling user leaves behind; the next heartbeat tells. */
  cancelAsked: boolean;
  result: unknown;
  error: string | null;
  progress: unknown;
  logs: { level: string; message: string; at: string }[];
  /** Interval of the last release, or Retry-After of the last failure. */
  after: string | null;
  /** Whether a pending job may be handed out; not so in a back-off or a sleep. */
  due: boolean;
  startedBy: string | null;
  /** When the live attempt was last heard of (ms since the epoch). */
  heardAt: number;
}

export interface Call {
  name: string;
  // deno-lint-ignore no-explicit-any
  args: any;
  headers: Headers;
}

/** What happens to a call: nothing arrives, it is done but the answer is lost, or it hangs. */
export type Fault = "down" | "lost answer" | "hangs" | Response | undefined;

export interface FakeOptions {
  leaseSeconds?: number;
  /** Whether an attempt that was silent for a lease is stale. Default false. */
  leasesEnd?: boolean;
  lingerSeconds?: number;
  /** Answers everything that is not the runtime API: tables, SQL functions, Auth, a third party. */
  other?(request: Request, url: URL): Response | undefined | Promise<Response | undefined>;
  /** Runs a function that `commit` names; what it throws rolls the commit back. */
  commitFunction?(name: string, args: unknown, headers: Headers): unknown;
}

export const SERVICE_KEY = "test-service-key-0123456789";
export const ANON_KEY = "test-anon-key-0123456789";
export const USER = "7d9f2c1e-0000-4000-8000-000000000001";

export type FakeRuntime = ReturnType<typeof startFakeRuntime>;

export function startFakeRuntime(options: FakeOptions = {}) {
  const jobs: FakeJob[] = [];
  const calls: Call[] = [];
  const stopping = Promise.withResolvers<void>();
  const state = { fault: (_call: Call): Fault => undefined };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, serve);
  const url = `http://127.0.0.1:${server.addr.port}`;

  async function serve(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const name = pathname.startsWith("/rest/v1/rpc/") ? pathname.slice(13) : "";
    const rpc = runtime[name];
    if (!rpc) {
      const answer = await options.other?.(request, new URL(request.url));
      return answer ?? Response.json({ message: `no ${pathname} here` }, { status: 404 });
    }
    const call: Call = { name, args: await request.json(), headers: request.headers };
    calls.push(call);
    const fault = state.fault(call);
    if (fault instanceof Response) return fault;
    if (fault === "hangs") await stopping.promise;
    if (fault === "down") return Response.json({ message: "away" }, { status: 503 });
    if (request.headers.get("apikey") !== SERVICE_KEY) {
      return Response.json({ code: "42501", message: "permission denied" }, { status: 403 });
    }
    const answer = rpc(call);
    if (fault === "lost answer") return Response.json({ message: "lost" }, { status: 504 });
    return answer instanceof Response ? answer : Response.json(answer);
  }

  function live(call: Call): FakeJob | undefined {
    const job = jobs.find((job) =>
      job.id === call.args._job_id && job.token === call.args._token && job.state === "running"
    );
    if (!job || !options.leasesEnd) return job;
    return Date.now() - job.heardAt > (options.leaseSeconds ?? 60) * 1000 ? undefined : job;
  }

  const answered = new Map<string, unknown>();

  /** A repeated call gets the first answer again; what was refused may be tried anew. */
  function repeatable(key: string, fn: () => unknown): unknown {
    if (answered.has(key)) return answered.get(key);
    const answer = fn();
    if (!(answer instanceof Response)) answered.set(key, answer);
    return answer;
  }

  const once = (call: Call, fn: (job: FakeJob) => unknown) =>
    repeatable(`${call.args._job_id} ${call.args._token}`, () => {
      const job = live(call);
      return job ? fn(job) : { status: "stale", next: null };
    });

  function handOut(jobName: string): unknown {
    const job = jobs.find((one) => one.job_name === jobName && one.state === "pending" && one.due);
    if (!job) return null;
    newAttempt(job);
    job.startedBy = "hand-over";
    return wire(job);
  }

  function newAttempt(job: FakeJob) {
    job.state = "running";
    job.attempt++;
    job.token = crypto.randomUUID();
    job.startedBy = null;
    job.heardAt = Date.now();
  }

  function wire(job: FakeJob) {
    const { id, job_name, user_id, request_body, attempt, retries, max_retries, token, steps } =
      job;
    return {
      ...{ id, job_name, user_id, request_body, attempt, retries, max_retries, token, steps },
      lease_seconds: options.leaseSeconds ?? 60,
      linger_seconds: options.lingerSeconds ?? 0,
      authorization: `Bearer jwt-of-${user_id ?? "anon"}`,
    };
  }

  function fail(job: FakeJob, error: string | null) {
    job.error = error;
    job.due = false;
    if (++job.retries < job.max_retries) job.state = "pending";
    else job.state = "failed";
  }

  const runtime: Record<string, (call: Call) => unknown> = {
    start_job(call) {
      const job = live(call);
      if (!job || (job.startedBy && job.startedBy !== call.args._call_id)) {
        return { status: "stale" };
      }
      job.startedBy = call.args._call_id;
      job.heardAt = Date.now();
      return { status: "ok", job: wire(job) };
    },
    heartbeat_job(call) {
      const job = live(call);
      if (!job) return { status: "stale" };
      job.heardAt = Date.now();
      if (call.args._progress !== null) job.progress = call.args._progress;
      return { status: job.cancelAsked ? "canceled" : "ok" };
    },
    finish_job: (call) =>
      once(call, (job) => {
        const { _outcome, _result, _error, _retry_after, _accept_next } = call.args;
        job.after = _retry_after;
        if (_outcome === "completed") Object.assign(job, { state: "completed", result: _result });
        else if (_outcome === "canceled") job.state = "canceled";
        else if (_outcome === "failed") fail(job, _error);
        else Object.assign(job, { state: "failed", error: _error });
        const next = _accept_next ? handOut(job.job_name) : null;
        return { status: "ok", state: job.state, next };
      }),
    next_job: ({ args }) => repeatable(args._call_id, () => ({ next: handOut(args._job_name) })),
    release_job: (call) =>
      once(call, (job) => {
        job.state = "pending";
        job.after = call.args._after;
        job.due = job.after === "0.000 seconds";
        return { status: "ok" };
      }),
    save_job_step(call) {
      const job = live(call);
      if (!job) return { status: "stale", result: null };
      job.steps[call.args._name] ??= call.args._result;
      return { status: "ok", result: job.steps[call.args._name] };
    },
    log_job_attempt(call) {
      const job = live(call);
      if (!job) return { status: "stale" };
      job.logs.push(...call.args._lines);
      return { status: "ok" };
    },
    commit_job: (call) =>
      repeatable(call.args._call_id, () => {
        const job = live(call);
        if (!job) return { status: "stale" };
        const { _function, _args } = call.args;
        try {
          job.result = options.commitFunction?.(_function, _args, call.headers) ?? null;
        } catch (error) {
          const { code = "P0001", message } = error as Error & { code?: string };
          return Response.json({ code, message }, { status: 400 });
        }
        job.state = "completed";
        return { status: "ok", state: job.state, result: job.result };
      }),
  };

  return {
    url,
    jobs,
    calls,
    /** Decides about each call. */
    set fault(decide: (call: Call) => Fault) {
      state.fault = decide;
    },
    named: (name: string) => calls.filter((call) => call.name === name),
    queue(job: Partial<FakeJob> & { job_name: string }): FakeJob {
      const queued: FakeJob = {
        id: crypto.randomUUID(),
        user_id: USER,
        request_body: {},
        state: "pending",
        retries: 0,
        max_retries: 3,
        attempt: 0,
        token: "",
        steps: {},
        cancelAsked: false,
        result: null,
        error: null,
        progress: null,
        logs: [],
        after: null,
        due: true,
        startedBy: null,
        heardAt: Date.now(),
        ...job,
      };
      jobs.push(queued);
      return queued;
    },
    /** Starts an attempt and rings the function, as pg_net would. */
    async ring(job: FakeJob, handle: (request: Request) => Promise<Response>): Promise<Response> {
      newAttempt(job);
      return await handle(ringRequest(job));
    },
    /** Another attempt takes the job over: the present one is stale. */
    takeOver: newAttempt,
    async stop() {
      stopping.resolve();
      await server.shutdown();
    },
  };
}

/** The request that rings a job's function. */
export function ringRequest(job: FakeJob, url = "http://function.local/"): Request {
  return new Request(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "Authorization": `Bearer jwt-of-${job.user_id ?? "anon"}`,
      "X-Job": "true",
      "X-Correlation-ID": job.id,
      "X-Job-Attempt": String(job.attempt),
      "X-Job-Token": job.token,
    },
    body: JSON.stringify(job.request_body),
  });
}
