/** One request by which the engine starts an attempt. */
export interface Ring {
  jobId: string;
  token: string;
  /** The headers that every answer echoes. */
  echo: Record<string, string>;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Reads the ring's headers, or says with a Response why they are refused. */
export function readRing(request: Request): Ring | Response {
  const echo: Record<string, string> = {};
  for (const name of ["X-Job", "X-Correlation-ID"]) {
    const value = request.headers.get(name);
    if (value) echo[name] = value;
  }
  if (request.method !== "POST") return answer(405, echo, "a job is started by POST");
  const missing = ["X-Job", "X-Correlation-ID"].find((name) => !echo[name]);
  if (missing) return answer(400, echo, `the header ${missing} is missing`);
  const jobId = echo["X-Correlation-ID"] as string;
  if (!UUID.test(jobId)) {
    return answer(400, echo, "the header X-Correlation-ID must be the id of a job, a UUID");
  }
  const token = request.headers.get("X-Job-Token") ?? "";
  const attempt = request.headers.get("X-Job-Attempt") ?? "";
  if (!UUID.test(token) || !/^\d+$/.test(attempt)) {
    return answer(401, echo, "only the job system may start a job: queue one with queue_job");
  }
  return { jobId, token, echo };
}

/** An answer with both headers and, unless it is good news, a reason. */
export function answer(status: number, echo: Record<string, string>, error?: string): Response {
  if (error === undefined) return new Response(null, { status, headers: echo });
  return Response.json({ error }, { status, headers: echo });
}
