import { setTimeout as delay } from "node:timers/promises";
import { askAuth, askRest } from "../support/token.ts";
import { isInternal, secretProblem, urlProblem } from "../support/vault.ts";
import type { Check, Context } from "./check.ts";

const ANSWER_SECONDS = 12;

/** The Vault holds what the engine reads. */
export const vault: Check = {
  name: "vault",
  needs: ["extensions"],
  look({ secrets }) {
    const missing = (["supabase_url", "app.jwt_secret"] as const).filter((name) => !secrets[name]);
    if (missing.length > 0) {
      return Promise.resolve({
        problem: `missing: ${missing.join(" and ")}`,
        remedy: { command: "npm run vault" },
      });
    }
    const wrong = urlProblem(secrets.supabase_url!) ?? secretProblem(secrets["app.jwt_secret"]!);
    if (wrong) {
      return Promise.resolve({ problem: wrong, remedy: { command: "npm run vault" } });
    }
    return Promise.resolve({ ok: `supabase_url is ${secrets.supabase_url}` });
  },
};

/** pg_net's worker takes requests from its queue. */
export const net: Check = {
  name: "pg_net",
  needs: ["extensions"],
  async look({ sql }) {
    const answer = await requestFromDatabase(sql, "http://127.0.0.1:1/");
    const [queue] = await sql<{ waiting: string }[]>`
      select count(*) as waiting from net.http_request_queue`;
    if (answer) return { ok: `sends; ${queue!.waiting} requests wait` };
    return {
      problem: `took no request for ${ANSWER_SECONDS} s, ${queue!.waiting} wait: its worker does ` +
        "not run, or a slow request holds up its batch",
      remedy: {
        todo: "run select net.worker_restart(); if that does not help, restart the database " +
          "(hosted: dashboard, Settings, General; here: npm run stop, npm start)",
      },
    };
  },
};

/** The database reaches the API at supabase_url. */
export const reach: Check = {
  name: "supabase_url",
  needs: ["vault", "pg_net"],
  async look({ sql, secrets }) {
    const url = `${secrets.supabase_url!.replace(/\/+$/, "")}/auth/v1/health`;
    const answer = await requestFromDatabase(sql, url);
    if (answer?.status) return { ok: "the database reaches it" };
    return {
      problem: `the database does not reach ${url}: ${answer?.error ?? "no answer"}`,
      remedy: { command: "npm run vault -- --supabase-url URL" },
    };
  },
};

/** Auth and the REST API accept the tokens that the engine signs. */
export const token: Check = {
  name: "token",
  needs: ["vault", "migrations"],
  async look({ sql, apiUrl, apiKey }) {
    if (!apiUrl) return { unknown: "this machine cannot reach the API: give --api-url" };
    if (!apiKey) return { unknown: "give --api-key (anon or publishable)" };
    const [row] = await sql<{ token: string }[]>`
      select private.generate_user_jwt(gen_random_uuid(), 'authenticated', null) as token`;
    const bare = row!.token.replace("Bearer ", "");
    for (const ask of [askAuth, askRest]) {
      const verdict = await ask(apiUrl, apiKey, bare);
      if (verdict?.accepted) continue;
      return {
        problem: `it is refused: ${verdict?.reason ?? `${apiUrl} does not answer`}`,
        remedy: { command: "npm run vault -- --jwt-secret -" },
      };
    }
    return { ok: "accepted by Auth and by the REST API" };
  },
};

/** A job that no function exists for is rung, refused by the gateway, and read back. */
export const probe: Check = {
  name: "probe job",
  needs: ["supabase_url", "token", "schedules", "pg_cron", "triggers"],
  async look({ sql }) {
    const name = `doctor-probe-${crypto.randomUUID().slice(0, 8)}`;
    const started = Date.now();
    const [row] = await sql<{ id: string }[]>`
      select private.queue_job_for_user(null, ${name}, '{}', 1) as id`;
    const id = row!.id;
    try {
      for (;;) {
        const [job] = await sql<{ state: string; last_error: string | null; why: string }[]>`
          select state, last_error, public.explain_job(id) as why from public.job where id = ${id}`;
        const seconds = (Date.now() - started) / 1000;
        if (job!.last_error?.includes(`no function named ${name}`)) {
          return { ok: `rung, answered and read back in ${seconds.toFixed(1)} s` };
        }
        if (job!.state === "failed" || seconds > 40) {
          return {
            problem: `expected the gateway's 404 to be read back, found: ${job!.why}`,
            remedy: { todo: "do what the sentence says" },
          };
        }
        await delay(200);
      }
    } finally {
      await sql`delete from public.job where id = ${id}`;
      await sql`delete from private.lane_cursor where job_name = ${name}`;
    }
  },
};

/** What pg_net says to a GET; null if it says nothing in time. */
async function requestFromDatabase(
  sql: Context["sql"],
  url: string,
): Promise<{ status: number | null; error: string | null } | null> {
  const [request] = await sql<{ id: string }[]>`
    select net.http_get(${url}, timeout_milliseconds := 5000) as id`;
  const id = request!.id;
  try {
    for (let waited = 0; waited < ANSWER_SECONDS * 1000; waited += 200) {
      const [answer] = await sql<{ status: number | null; error: string | null }[]>`
        select status_code as status, error_msg as error from net._http_response where id = ${id}`;
      if (answer) return answer;
      await delay(200);
    }
    return null;
  } finally {
    await sql`delete from net._http_response where id = ${id}`;
    await sql`delete from net.http_request_queue where id = ${id}`;
  }
}

/** The API as this machine reaches it, if the target did not tell. */
export function apiUrlOf(supabaseUrl: string | undefined): string | null {
  if (!supabaseUrl || urlProblem(supabaseUrl) || isInternal(supabaseUrl)) return null;
  return supabaseUrl.replace(/\/+$/, "");
}
