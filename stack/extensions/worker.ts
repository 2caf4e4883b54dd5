// What the programs that stand in for background workers have in common.
import { parseArgs } from "node:util";

/** The command line of a worker. */
export interface WorkerArguments {
  databaseUrl: string;
  exitWithStdin: boolean;
}

/** Reads --database-url URL and --exit-with-stdin. */
export function readWorkerArguments(args: string[]): WorkerArguments {
  const { values } = parseArgs({
    args,
    options: { "database-url": { type: "string" }, "exit-with-stdin": { type: "boolean" } },
  });
  const databaseUrl = values["database-url"];
  if (!databaseUrl) {
    console.error("Which database? Say --database-url postgresql://supabase_admin:…@127.0.0.1:…");
    Deno.exit(2);
  }
  return { databaseUrl, exitWithStdin: values["exit-with-stdin"] ?? false };
}

/** Runs work again and again, a second after it ended or failed, until the process is told to end. */
export async function runForever(
  name: string,
  options: WorkerArguments,
  work: (databaseUrl: string, stop: AbortSignal) => Promise<void>,
): Promise<void> {
  // What was in flight is rolled back by the database when the connection closes.
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(signal, () => Deno.exit(0));
  }
  if (options.exitWithStdin) {
    Deno.stdin.readable.pipeTo(new WritableStream()).finally(() => Deno.exit(0)).catch(() => {});
  }
  const never = new AbortController().signal;
  let lastFailure = "";
  while (true) {
    try {
      await work(options.databaseUrl, never);
      lastFailure = "";
    } catch (error) {
      // Said once: while the database is away, every second brings the same failure.
      const failure = String((error as Error)?.message || error);
      if (failure !== lastFailure) console.error(`${name}: ${failure}; trying again every second`);
      lastFailure = failure;
    }
    await sleep(1000, never);
  }
}

/** Waits, or less if the signal fires. */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}
