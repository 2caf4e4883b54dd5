import { dirname } from "node:path";
import { importMap } from "../../std/jsr.ts";
import { watchCpu } from "./cpu.ts";
import { textLines } from "./lines.ts";

/** Limits of one function process, in seconds, as the edge runtime has them. */
export interface Limits {
  /** A process that does not listen after this long failed to boot. */
  boot: number;
  /** A request without an answer for this long is a 504. */
  idle: number;
  /** A process is told at 90 % of this and killed at 100 %; after half of it, it takes no new request. */
  wallClock: number;
  /** CPU time of a process since it listens; 0 = no limit. Linux only. */
  cpu: number;
}

export interface WorkerOptions {
  entry: string;
  /** Arguments that tell Deno what the function's imports mean. */
  imports: string[];
  functionsDir: string;
  projectDir: string;
  preload: string;
  env: Record<string, string>;
  limits: Limits;
  log: (line: string) => void;
}

/** One process of one function. */
export interface Worker {
  pid: number;
  startedAt: number;
  /** The port it listens on, or null when it ended before it listened. */
  ready: Promise<number | null>;
  ended: Promise<void>;
  /** Why it ended; undefined while it runs. */
  end?: "boot" | "limit" | "killed" | "error";
  inFlight: number;
  /** Stops taking requests: ends as soon as nothing is in flight and no waitUntil task is open. */
  retire(): void;
  retired: boolean;
  requestDone(): void;
  kill(): void;
}

/** Starts a process for a function. */
export function startWorker(options: WorkerOptions): Worker {
  const mark = `\u0001${crypto.randomUUID()} `;
  const child = new Deno.Command(Deno.execPath(), {
    args: workerArguments(options),
    clearEnv: true,
    env: {
      ...options.env,
      STACK_WORKER_MARK: mark,
      DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
      DO_NOT_TRACK: "1",
    },
    cwd: options.projectDir,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const commands = child.stdin.getWriter();
  const { limits, log } = options;
  log(`[process ${child.pid}] started`);
  let tasksOpen = false;
  let cause: "boot" | "limit" | undefined;

  let setReady: (port: number | null) => void;
  const ready = new Promise<number | null>((resolve) => setReady = resolve);

  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  const unload = (reason: string) =>
    commands.write(new TextEncoder().encode(`${reason}\n`)).catch(() => {});
  const endOverLimit = () => {
    cause = "limit";
    log("wall clock limit reached: the process is killed");
    kill();
  };
  const timers = [
    setTimeout(() => worker.retire(), limits.wallClock * 500),
    setTimeout(() => unload("wall_clock"), limits.wallClock * 900),
    setTimeout(endOverLimit, limits.wallClock * 1000),
  ];
  const endOverCpu = () => {
    cause = "limit";
    log(`CPU limit (${limits.cpu} s) reached: the process is killed`);
    kill();
  };
  let cpuWatch: ReturnType<typeof setInterval> | undefined;
  const bootTimer = setTimeout(() => {
    cause = "boot";
    log(`did not listen within ${limits.boot} s: does it call Deno.serve?`);
    kill();
  }, limits.boot * 1000);

  const endIfDone = () => {
    if (!worker.retired || worker.inFlight > 0 || tasksOpen || worker.end) return;
    unload("early_drop").then(() => setTimeout(kill, 50));
  };

  async function readOutput(stream: ReadableStream<Uint8Array>) {
    const lines = stream.pipeThrough(new TextDecoderStream()).pipeThrough(textLines());
    for await (const line of lines) {
      if (!line.startsWith(mark)) {
        log(line);
        continue;
      }
      const [what, value] = line.slice(mark.length).split(" ");
      if (what === "listening") {
        clearTimeout(bootTimer);
        setReady(Number(value));
        if (limits.cpu > 0) cpuWatch ??= watchCpu(child.pid, limits.cpu, endOverCpu);
      }
      if (what === "tasks") {
        tasksOpen = value !== "0";
        endIfDone();
      }
    }
  }

  async function watch() {
    const [status] = await Promise.all([
      child.status,
      readOutput(child.stdout),
      readOutput(child.stderr),
    ]);
    clearTimeout(bootTimer);
    clearInterval(cpuWatch);
    timers.forEach(clearTimeout);
    worker.end = cause ?? (status.signal === "SIGKILL" ? "killed" : "error");
    await commands.close().catch(() => {});
    setReady(null);
    log(`[process ${child.pid}] ended: ${worker.retired && !cause ? "retired" : worker.end}`);
  }

  const worker: Worker = {
    pid: child.pid,
    startedAt: Date.now(),
    ready,
    ended: Promise.resolve(),
    inFlight: 0,
    retired: false,
    retire() {
      worker.retired = true;
      endIfDone();
    },
    requestDone() {
      worker.inFlight--;
      endIfDone();
    },
    kill,
  };
  worker.ended = watch();
  return worker;
}

function workerArguments(options: WorkerOptions): string[] {
  const { functionsDir, projectDir, preload, imports, entry } = options;
  // Functions of another folder (of tests and benches) share the project's library.
  const readable = [
    functionsDir,
    `${projectDir}/supabase/functions`,
    `${projectDir}/node_modules`,
    `${projectDir}/package.json`,
    dirname(importMap),
    "/tmp",
  ];
  return [
    "run",
    "--quiet",
    "--no-prompt",
    "--no-check",
    "--no-lock",
    ...imports,
    "--node-modules-dir=manual",
    "--allow-net",
    "--allow-env",
    "--allow-sys",
    `--allow-read=${readable.join(",")}`,
    `--preload=${preload}`,
    entry,
  ];
}
