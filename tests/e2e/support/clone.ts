import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../../stack/services/postgres/ports.ts";

const project = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** A copy of this project in a temporary folder, with ports of its own. */
export interface Clone {
  folder: string;
  ports: { api: number; db: number; studio: number };
  /** Runs a command of stack/main.ts to its end. */
  run(...args: string[]): Promise<{ code: number; output: string }>;
  /** Runs a program of the copy's scripts to its end. */
  runScript(name: string, ...args: string[]): Promise<{ code: number; output: string }>;
  /** Starts stack/main.ts; `output()` is what it has printed so far. */
  spawn(...args: string[]): { child: Deno.ChildProcess; output(): string };
  /** Command lines of processes that belong to the copy. */
  processes(): string[];
  remove(): Promise<void>;
}

export async function cloneProject(): Promise<Clone> {
  const folder = await Deno.makeTempDir({ prefix: "clone-" });
  await Deno.chmod(folder, 0o755);
  for (const name of ["stack", "board", "scripts", "supabase", "deno.json", "package.json"]) {
    await copy(join(project, name), join(folder, name));
  }
  await Deno.symlink(join(project, "node_modules"), join(folder, "node_modules"));
  const ports = { api: await freePort(), db: await freePort(), studio: await freePort() };
  const config = join(folder, "supabase", "config.toml");
  const text = (await Deno.readTextFile(config))
    .replace(/^port = 54321$/m, `port = ${ports.api}`)
    .replace(/^port = 54322$/m, `port = ${ports.db}`)
    .replace(/^port = 54323$/m, `port = ${ports.studio}`);
  await Deno.writeTextFile(config, text);

  const spawn = (...args: string[]) => spawnProgram("stack/main.ts", args);
  const spawnProgram = (path: string, args: string[]) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", join(folder, path), ...args],
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let output = "";
    const read = async (stream: ReadableStream<Uint8Array>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) output += text;
    };
    const done = Promise.all([read(child.stdout), read(child.stderr)]);
    return { child, output: () => output, done };
  };

  return {
    folder,
    ports,
    spawn,
    run: (...args) => finished(spawn(...args)),
    runScript: (name, ...args) => finished(spawnProgram(`scripts/${name}`, args)),
    processes: () => processesOf(folder),
    remove: () => Deno.remove(folder, { recursive: true }),
  };
}

async function finished(
  { child, output, done }: { child: Deno.ChildProcess; output(): string; done: Promise<unknown> },
) {
  const { code } = await child.status;
  await done;
  return { code, output: output() };
}

async function copy(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const entry of Deno.readDir(from)) {
    if (!entry.name.startsWith(".")) await copy(join(from, entry.name), join(to, entry.name));
  }
}

function processesOf(folder: string): string[] {
  const found: string[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const command = Deno.readTextFileSync(`/proc/${name}/cmdline`).replaceAll("\0", " ");
      if (command.includes(folder)) found.push(`${name} ${command}`);
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}
