import { textLines } from "./functions/lines.ts";

/** A program of the stack that is started again whenever it ends by itself. */
export interface Process {
  readonly pid: number;
  kill(signal?: Deno.Signal): void;
  /** Ends it, if it runs, and starts it again, also when auto-restart is off. */
  restart(): Promise<void>;
  /** While off, a process that dies stays dead: for chaos tests. */
  setAutoRestart(on: boolean): void;
  stop(): Promise<void>;
}

export interface ProgramOptions {
  name: string;
  script: string;
  args?: string[];
  env?: Record<string, string>;
  logFile: string;
  /** True: it prints `ready …` once it works, and starting waits for that line. */
  saysReady?: boolean;
}

const BOOT_MILLISECONDS = 30_000;
const PAUSE_MILLISECONDS = 300;

/** Starts a TypeScript program as a supervised child; resolves when it is ready. */
export async function superviseProgram(options: ProgramOptions): Promise<Process> {
  let autoRestart = true;
  let stopping = false;
  let child: Deno.ChildProcess;
  let pumped: Promise<unknown>;

  async function start(): Promise<void> {
    child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        "--no-check",
        "--unstable-no-legacy-abort",
        options.script,
        ...options.args ?? [],
      ],
      env: { DO_NOT_TRACK: "1", ...options.env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const started = child;
    const { promise: ready, resolve: isReady } = Promise.withResolvers<void>();
    pumped = Promise.all([
      pump(started.stdout, options.logFile, (line) => {
        if (line.startsWith("ready ")) isReady();
      }),
      pump(started.stderr, options.logFile),
    ]);
    started.status.then(() => ended(started));
    if (options.saysReady) await untilReady(options, started, ready);
  }

  function ended(which: Deno.ChildProcess): void {
    which.stdin.close().catch(() => {});
    if (which !== child || stopping || !autoRestart) return;
    setTimeout(() => {
      if (which !== child || stopping || !autoRestart) return;
      start().catch((error) => append(options.logFile, String(error)));
    }, PAUSE_MILLISECONDS);
  }

  await start();
  return {
    get pid() {
      return child.pid;
    },
    kill: (signal = "SIGKILL") => sendSignal(child, signal),
    async restart() {
      const before = child;
      const was = autoRestart;
      autoRestart = false;
      sendSignal(before, "SIGTERM");
      await before.status;
      await start();
      autoRestart = was;
    },
    setAutoRestart: (on) => autoRestart = on,
    async stop() {
      stopping = true;
      sendSignal(child, "SIGTERM");
      const forced = setTimeout(() => sendSignal(child, "SIGKILL"), 8000);
      await child.status;
      await pumped;
      clearTimeout(forced);
    },
  };
}

async function untilReady(
  options: ProgramOptions,
  child: Deno.ChildProcess,
  ready: Promise<void>,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(
      () => resolve(`was not ready within ${BOOT_MILLISECONDS / 1000} s`),
      BOOT_MILLISECONDS,
    );
  });
  const failed = await Promise.race([
    ready.then(() => null),
    child.status.then(({ code }) => `ended with code ${code} before it was ready`),
    late,
  ]);
  clearTimeout(timer);
  if (!failed) return;
  sendSignal(child, "SIGKILL");
  throw new Error(
    `${options.name} ${failed}. Its log, ${options.logFile}, says:\n${tail(options)}`,
  );
}

async function pump(
  stream: ReadableStream<Uint8Array>,
  logFile: string,
  onLine?: (line: string) => void,
): Promise<void> {
  const lines = stream.pipeThrough(new TextDecoderStream()).pipeThrough(textLines());
  for await (const line of lines) {
    onLine?.(line);
    append(logFile, line);
  }
}

function append(logFile: string, line: string): void {
  try {
    Deno.writeTextFileSync(logFile, `${new Date().toISOString()} ${line}\n`, { append: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function tail({ logFile }: ProgramOptions): string {
  try {
    return Deno.readTextFileSync(logFile).trimEnd().split("\n").slice(-8).join("\n");
  } catch {
    return "(nothing)";
  }
}

function sendSignal(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended already.
  }
}
