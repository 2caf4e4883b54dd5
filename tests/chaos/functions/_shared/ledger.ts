// The ledger of the chaos runs: what a function did, told to a table that is none of the engine's.

/** The API as functions reach it here: through a proxy that can cut them off. */
export const apiUrl = env("CHAOS_API_URL");

const PATIENCE_MS = 40_000;

/** Notes that an attempt began or ended; tries for a while, like any careful function. */
export async function note(jobId: string, attempt: number, what: "began" | "ended") {
  const until = Date.now() + PATIENCE_MS;
  while (true) {
    try {
      return await post("chaos_ledger", { job_id: jobId, attempt, what });
    } catch (error) {
      if (Date.now() > until) throw error;
      await pause(200);
    }
  }
}

/** One POST to the table API as service_role. */
export async function post(path: string, body: unknown): Promise<string> {
  const key = env("SUPABASE_SERVICE_ROLE_KEY");
  const response = await fetch(`${apiUrl}/rest/v1/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", apikey: key, Authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
  return text;
}

/** Who is rung, and the headers an answer echoes. */
export function readRing(request: Request) {
  const jobId = request.headers.get("X-Correlation-ID") ?? "";
  return {
    jobId,
    attempt: Number(request.headers.get("X-Job-Attempt")),
    token: request.headers.get("X-Job-Token"),
    echo: { "X-Job": request.headers.get("X-Job") ?? "", "X-Correlation-ID": jobId },
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function env(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is not set: the chaos runner sets it`);
  return value;
}
