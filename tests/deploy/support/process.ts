/** What a program did. */
export interface Outcome {
  code: number;
  /** Its standard output and standard error. */
  output: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
}

/** Runs a program to its end. */
export async function run(command: string[], options: RunOptions = {}): Promise<Outcome> {
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    ...options,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Runs a program that is expected to work, and returns its output without the last line break. */
export async function must(command: string[], options: RunOptions = {}): Promise<string> {
  const { code, output } = await run(command, options);
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}:\n${output}`);
  return output.trimEnd();
}

/** Waits until a condition holds, and fails with `what` if it does not within the time. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  seconds = 20,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!await condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A port of the loopback interface that nobody listens on. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}

/** Whether something listens on a port of the loopback interface. */
export async function answers(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** The processes whose environment holds this `NAME=value`, as `pid command line`. */
export async function processesWith(entry: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const environment = await readProc(`/proc/${name}/environ`);
    if (!environment.split("\0").includes(entry)) continue;
    const command = await readProc(`/proc/${name}/cmdline`);
    if (command) found.push(`${name} ${command.replaceAll("\0", " ").trim()}`);
  }
  return found;
}

async function readProc(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    return "";
  }
}
