// npm run queue: queues a job on the running local stack, as an app would, and shows it until it has ended.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { signIn } from "../stack/demo_user.ts";
import { deriveKeys } from "../stack/keys.ts";
import { runningStack } from "../stack/run_file.ts";
import { JobBodyError, parseBody } from "../supabase/functions/_shared/job/define_job.ts";
import { QueueError, queueJob } from "../supabase/functions/_shared/job/queue_job.ts";
import { type JobView, watchJob } from "../supabase/functions/_shared/job/watch_job.ts";
import { readDefinition, undefinedJob } from "./queue/definition.ts";
import { projectFolder } from "./support/command.ts";

const HELP = `npm run queue -- NAME [BODY] [options]

Queues the job NAME on the running local stack (npm start). BODY is JSON; without it, {}.
A body that supabase/functions/NAME/job.ts does not allow is refused.
  --watch          show the job until it has ended, and then its log
  --user EMAIL     for this user, who is signed up if need be; ada@example.com by default
  --system         for no user, as maintenance is

Ends with 0 if the job is queued (with --watch: if it is completed), with 1 if not.

  npm run queue -- send-digest '{"day": "2026-11-24"}' --watch
`;

async function main(): Promise<number> {
  const { values: options, positionals } = parseArgs({
    args: Deno.args.filter((argument) => argument !== "--"),
    allowPositionals: true,
    options: {
      watch: { type: "boolean", short: "w", default: false },
      user: { type: "string", short: "u" },
      system: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [name, text = "{}", ...more] = positionals;
  if (options.help || !name) {
    console.log(HELP);
    return options.help ? 0 : 2;
  }
  if (more.length > 0) {
    throw new Error(`expected NAME and BODY, found also ${more.join(" ")}: put BODY in quotes`);
  }
  if (options.system && options.user) {
    throw new Error("expected --system or --user, found both: a job has one user or none");
  }
  const body = parseJson(text);
  const functionsDir = join(projectFolder, "supabase", "functions");
  const definition = await readDefinition(functionsDir, name);
  if (definition) await parseBody(definition, body);
  else console.log(`${name} has no job.ts: whether the body fits, its function will say`);

  const apiUrl = await findApi();
  const { anonKey, serviceRoleKey } = await deriveKeys();
  const client = options.system
    ? createClient(apiUrl, serviceRoleKey, { auth: { persistSession: false } })
    : await signIn({ apiUrl, anonKey }, options.user ?? "ada@example.com");
  const id = await queueJob(client, definition ?? undefinedJob(name), body);
  console.log(`queued ${name} ${id}`);
  return options.watch ? await watch(client, id) : 0;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(
      `expected BODY as JSON, found ${text}: ${(error as Error).message}. ` +
        `In a shell put it in single quotes: '{"day": "2026-11-24"}'`,
    );
  }
}

async function findApi(): Promise<string> {
  const stack = runningStack();
  if (!stack) throw new Error("the local stack does not run: npm start starts it");
  if (!stack.apiUrl) throw new Error("the local stack is still starting: try again in a moment");
  try {
    const answer = await fetch(`${stack.apiUrl}/auth/v1/health`, {
      signal: AbortSignal.timeout(5_000),
    });
    await answer.body?.cancel();
  } catch (cause) {
    throw new Error(
      `the local stack (pid ${stack.pid}) does not answer at ${stack.apiUrl}: npm run status tells more`,
      { cause },
    );
  }
  return stack.apiUrl;
}

async function watch(client: SupabaseClient, id: string): Promise<number> {
  let last: JobView | undefined;
  for await (const view of watchJob(client, id, { realtime: false })) {
    console.log(describe(view));
    last = view;
  }
  const { data } = await client.from("job_logs")
    .select("created_at, log_level, log_message").eq("job_id", id).order("id");
  for (const line of data ?? []) {
    console.log(
      `  ${new Date(line.created_at).toISOString().slice(11, 23)} ${
        line.log_level.padEnd(5)
      } ${line.log_message}`,
    );
  }
  return last?.state === "completed" ? 0 : 1;
}

function describe({ state, progress, result, error, retries }: JobView): string {
  const parts: string[] = [state];
  if (state === "running" && progress !== null) parts.push(JSON.stringify(progress));
  if (state === "completed" && result !== null) parts.push(JSON.stringify(result));
  if (state !== "completed" && error) parts.push(`after ${retries} failed tries: ${error}`);
  return parts.join(" ");
}

try {
  Deno.exit(await main());
} catch (error) {
  const told = error instanceof JobBodyError || error instanceof QueueError;
  console.error(`${told ? "refused" : "error"}: ${(error as Error).message}`);
  Deno.exit(1);
}
