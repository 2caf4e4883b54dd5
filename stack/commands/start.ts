import { join } from "node:path";
import { runDemo } from "../demo.ts";
import { type Examples, prepareExamples } from "../examples.ts";
import { claimProject, noteRunning, projectDir, releaseProject, stackDir } from "../run_file.ts";
import { type Stack, startStack } from "../stack.ts";

/** Starts the stack and the demo; ends with the demo (`once`), or when asked to. */
export async function start(
  options: { once: boolean; demo: boolean; databaseUrl?: string },
): Promise<number> {
  claimProject();
  const began = Date.now();
  const stopping = whenAskedToStop();
  let stack: Stack | undefined;
  let examples: Examples | undefined;
  try {
    stack = await startStack({
      dataDir: stackDir,
      databaseUrl: options.databaseUrl,
      log: (line) => console.log(`· ${line}`),
    });
    noteRunning(stack, options.databaseUrl !== undefined);
    console.log(`· ready after ${((Date.now() - began) / 1000).toFixed(1)} s\n`);

    const demo = options.demo
      ? runDemo(stack, stopping.signal).catch((error) => {
        if (!stopping.signal.aborted) {
          console.error(
            `error: the demo broke off: ${error instanceof Error ? error.message : error}`,
          );
        }
        return false;
      })
      : Promise.resolve(true);
    const asExpected = await Promise.race([demo, stopping.asked.then(() => null)]);
    if (options.once) return asExpected ? 0 : 1;
    if (asExpected !== null) {
      const changes = options.demo || options.databaseUrl === undefined;
      if (changes) {
        examples = await prepareExamples(stack, join(projectDir, "supabase", "functions"));
      }
      console.log(whereItIs(stack, examples?.commands ?? []));
    }
    await stopping.asked;
    return 0;
  } finally {
    if (stack) console.log("\n· stopping");
    await examples?.stop();
    await stack?.stop();
    releaseProject();
  }
}

/** Ctrl-C, a TERM or HUP signal, or the end of the program that started this one. */
function whenAskedToStop(): { asked: Promise<void>; signal: AbortSignal } {
  const controller = new AbortController();
  const asked = new Promise<void>((resolve) => {
    controller.signal.addEventListener("abort", () => resolve());
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => controller.abort());
  }
  const parent = Deno.ppid;
  const watch = setInterval(() => {
    if (Deno.ppid !== parent) controller.abort();
  }, 1000);
  Deno.unrefTimer(watch);
  return { asked, signal: controller.signal };
}

function exampleLines(commands: string[]): string {
  if (commands.length === 0) return "";
  return "  in another terminal, run an example (the README of its function says what it does):\n" +
    commands.map((command) => `    ${command}\n`).join("");
}

function whereItIs(stack: Stack, exampleCommands: string[]): string {
  return `
  API URL            ${stack.apiUrl}
  anon key           ${stack.anonKey}
  service_role key   ${stack.serviceRoleKey}
  publishable key    ${stack.publishableKey}
  secret key         ${stack.secretKey}
  database           ${stack.dbUrl}
  dashboard          ${stack.studioUrl}

What to try next
  open the dashboard, table "job", and on its SQL page: select * from job order by created_at desc
${
    exampleLines(exampleCommands)
  }  edit supabase/functions/send-digest/index.ts: the next job runs the new code
  npm run logs send-digest · npm run status · npm run stop

Ctrl-C stops everything.`;
}
