import { join } from "node:path";
import { parse } from "smol-toml";
import type { Check, Context } from "./check.ts";

const SPEAKS_JOBS = /\bserveJob\s*\(|["']X-Job["']/i;
const AT_ONCE = 3;

/** Every job's function is deployed, starts, and refuses a call that is no ring. */
export const functions: Check = {
  name: "functions",
  needs: ["token"],
  async look(context) {
    const { apiUrl, sql } = context;
    if (!apiUrl) return { unknown: "this machine cannot reach the API: give --api-url" };
    const [row] = await sql<{ token: string }[]>`
      select private.generate_user_jwt(null, 'anon', null) as token`;
    const names = await jobNames(context);
    const problems: { problem: string; remedy: string }[] = [];
    for (let i = 0; i < names.length; i += AT_ONCE) {
      const some = names.slice(i, i + AT_ONCE);
      const found = await Promise.all(some.map((name) => call(apiUrl, name, row!.token)));
      problems.push(...found.filter((one) => one !== null));
    }
    if (problems.length === 0) return { ok: `${names.length} answer` };
    return {
      problem: problems.map((one) => one.problem).join("; "),
      remedy: { todo: problems.map((one) => one.remedy).join("; ") },
    };
  },
};

/** Functions of this folder that speak the protocol, and names that have a configuration or waiting jobs. */
async function jobNames({ sql, projectDir }: Context): Promise<string[]> {
  const folder = join(projectDir, "supabase", "functions");
  const names = new Set<string>();
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (!isDirectory) continue;
    const source = await Deno.readTextFile(join(folder, name, "index.ts")).catch(() => "");
    if (SPEAKS_JOBS.test(source)) names.add(name);
  }
  const rows = await sql<{ name: string }[]>`
    select job_name as name from public.job_config where enabled
    union select unnest(private.names_to_ring())`;
  rows.forEach((row) => names.add(row.name));
  return [...names].sort();
}

/** Calls a function as pg_net does, but without the job headers: a job's function refuses that with 400. */
async function call(apiUrl: string, name: string, authorization: string) {
  let answer: Response;
  try {
    answer = await fetch(`${apiUrl}/functions/v1/${name}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: authorization },
      body: "{}",
      signal: AbortSignal.timeout(30_000),
    });
  } catch (error) {
    return {
      problem: `${name} gives no answer: ${error instanceof Error ? error.message : error}`,
      remedy: `see its logs (npm run logs ${name}, or the dashboard)`,
    };
  }
  const text = (await answer.text()).slice(0, 200);
  switch (answer.status) {
    case 400:
      return null;
    case 401:
    case 403:
      return { problem: `${name}: the token was refused: ${text}`, remedy: "npm run vault" };
    case 404:
      return {
        problem: `no function named ${name} is deployed`,
        remedy:
          `npx supabase functions deploy ${name} (locally: it needs supabase/functions/${name}/index.ts)`,
      };
    case 503:
      return {
        problem: `${name} does not start: ${text}`,
        remedy: `see its logs (npm run logs ${name}, or the dashboard), mend it, deploy it`,
      };
    default:
      return {
        problem: `${name} answers ${answer.status} to a call without X-Job, expected 400: ${text}`,
        remedy: `let ${name} refuse it as supabase/functions/example-job does, or see its logs`,
      };
  }
}

/** Locally the functions may work on after their answer. */
export const runtimePolicy: Check = {
  name: "runtime policy",
  async look({ projectDir }) {
    const text = await Deno.readTextFile(join(projectDir, "supabase", "config.toml"));
    const { edge_runtime } = parse(text) as { edge_runtime?: { policy?: string } };
    if (edge_runtime?.policy !== "oneshot") return { ok: edge_runtime?.policy ?? "per_worker" };
    return {
      problem: 'policy is "oneshot": a function ends with its answer, and a job with it',
      remedy: { todo: 'set policy = "per_worker" in [edge_runtime] of supabase/config.toml' },
    };
  },
};
