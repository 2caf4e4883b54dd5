import { userInfo } from "node:os";
import { answers, freePort, must, type Outcome, processesWith, run, until } from "./process.ts";
import { pathOf } from "./tools.ts";

/** The deploy folder under test. */
export const DEPLOY = new URL("../../../deploy", import.meta.url).pathname;

/** The folder that sshd insists on when root starts it. */
export const PRIVILEGE_SEPARATION = "/run/sshd";

const IDENTITY = {
  GIT_AUTHOR_NAME: "Pusher",
  GIT_AUTHOR_EMAIL: "pusher@example.com",
  GIT_COMMITTER_NAME: "Pusher",
  GIT_COMMITTER_EMAIL: "pusher@example.com",
};

/** A real sshd on loopback, with everything it needs in one temporary folder. */
export interface BuildMachine {
  root: string;
  /** Where builds get their folders. */
  tmp: string;
  /** The environment of someone who pushes: who they are, and how they reach the machine. */
  env: Record<string, string>;
  /** `user@buildmachine`, as in a git address. */
  host: string;
  /** Everything that the machine's sessions started and that still runs. */
  processes(): Promise<string[]>;
  /** Ends everything and removes the folder. */
  stop(): Promise<void>;
}

export async function startBuildMachine(): Promise<BuildMachine> {
  const root = await Deno.makeTempDir({ prefix: "build machine " });
  const tmp = `${root}/tmp`;
  await Deno.mkdir(tmp);
  const user = userInfo().username;
  const mark = `BUILD_MACHINE=${crypto.randomUUID()}`;
  const port = freePort();
  for (const key of ["host_key", "user_key"]) {
    await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${root}/${key}`]);
  }
  await Deno.copyFile(`${root}/user_key.pub`, `${root}/authorized_keys`);
  const hostKey = await Deno.readTextFile(`${root}/host_key.pub`);
  await Deno.writeTextFile(`${root}/known_hosts`, `[127.0.0.1]:${port} ${hostKey}`);
  await Deno.writeTextFile(
    `${root}/sshd_config`,
    `ListenAddress 127.0.0.1:${port}
HostKey "${root}/host_key"
AuthorizedKeysFile "${root}/authorized_keys"
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowUsers ${user}
PermitRootLogin prohibit-password
SetEnv ${mark} GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
`,
  );
  await Deno.writeTextFile(
    `${root}/ssh_config`,
    `Host buildmachine
  HostName 127.0.0.1
  Port ${port}
  IdentityFile "${root}/user_key"
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile "${root}/known_hosts"
  StrictHostKeyChecking yes
  BatchMode yes
`,
  );
  if (Deno.uid() === 0) await Deno.mkdir(PRIVILEGE_SEPARATION, { recursive: true, mode: 0o755 });
  const sshd = new Deno.Command(pathOf("sshd")!, {
    args: ["-D", "-q", "-f", `${root}/sshd_config`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until("sshd listens", () => answers(port));

  return {
    root,
    tmp,
    host: `${user}@buildmachine`,
    env: {
      ...IDENTITY,
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_SSH_COMMAND: `ssh -F '${root}/ssh_config'`,
    },
    processes: () => processesWith(mark),
    async stop() {
      for (const process of await processesWith(mark)) kill(parseInt(process));
      sshd.kill("SIGTERM");
      await sshd.status;
      await Deno.remove(root, { recursive: true });
    },
  };
}

/** A central repository on the machine, and a clone that pushes to it. */
export interface Project {
  machine: BuildMachine;
  /** The bare repository. */
  bare: string;
  /** The clone; its remote is named `deploy`. */
  clone: string;
  /** git in the clone. */
  git(...arguments_: string[]): Promise<Outcome>;
  /** `deploy/remote` in the clone. */
  remote(...arguments_: string[]): Promise<Outcome>;
  /** Sets `deploy.NAME` in the central repository. */
  set(name: string, value: string): Promise<void>;
  /** Writes the files, commits them, and returns the commit. */
  commit(files: Record<string, string>): Promise<string>;
  /** Commits a Makefile whose `build:` runs these lines, and pushes main. */
  push(recipe: string[], files?: Record<string, string>): Promise<Outcome & { commit: string }>;
  /** The state and the exit code recorded for a commit, such as `ok 0`. */
  fate(commit: string): Promise<string | null>;
  /** The log kept for a commit. */
  log(commit: string): Promise<string>;
  /** What is left of the builds: folders, processes, a held lock. Empty when all is well. */
  leftovers(): Promise<string[]>;
}

export interface ProjectOptions {
  name?: string;
  install?: string[];
}

export async function startProject(
  machine: BuildMachine,
  { name = `app-${crypto.randomUUID().slice(0, 8)}`, install = [] }: ProjectOptions = {},
): Promise<Project> {
  const { env } = machine;
  const bare = `${machine.root}/${name}.git`;
  const clone = `${machine.root}/clone of ${name}`;
  await must([`${DEPLOY}/install`, ...install, bare], { env });
  await must(["git", "init", "-q", "-b", "main", clone], { env });
  await must(["git", "-C", clone, "remote", "add", "deploy", `${machine.host}:${bare}`], { env });
  const read = (file: string) => Deno.readTextFile(`${bare}/builds/${file}`).catch(() => null);

  const project: Project = {
    machine,
    bare,
    clone,
    git: (...arguments_) => run(["git", ...arguments_], { cwd: clone, env }),
    remote: (...arguments_) => run([`${DEPLOY}/remote`, ...arguments_], { cwd: clone, env }),
    async set(name, value) {
      await must(["git", "-C", bare, "config", `deploy.${name}`, value], { env });
    },
    async commit(files) {
      for (const [path, content] of Object.entries(files)) {
        await Deno.mkdir(`${clone}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
        await Deno.writeTextFile(`${clone}/${path}`, content);
      }
      await must(["git", "add", "-A"], { cwd: clone, env });
      await must(["git", "commit", "-q", "--allow-empty", "-m", "change"], { cwd: clone, env });
      return await must(["git", "rev-parse", "HEAD"], { cwd: clone, env });
    },
    async push(recipe, files = {}) {
      const commit = await project.commit({ ...files, Makefile: makefile(recipe) });
      return { ...await project.git("push", "deploy", "main"), commit };
    },
    async fate(commit) {
      return (await read(`${commit}.status`))?.split(" ").slice(0, 2).join(" ") ?? null;
    },
    log: async (commit) => await read(`${commit}.log`) ?? "",
    async leftovers() {
      const found = (await machine.processes()).map((process) => `process ${process}`);
      for await (const { name } of Deno.readDir(machine.tmp)) found.push(`folder ${name}`);
      for (const file of ["current", "index"]) {
        if (await read(file) !== null) found.push(`file builds/${file}`);
      }
      if (await read("lock") === null) return found;
      const { code } = await run(["flock", "-n", `${bare}/builds/lock`, "true"]);
      return code === 0 ? found : [...found, "lock"];
    },
  };
  await project.set("tmpdir", machine.tmp);
  await project.set("minfree", "1");
  await project.set("timeout", "60");
  return project;
}

/** A Makefile whose `build:` runs these lines. */
export function makefile(recipe: string[]): string {
  return `build:\n${recipe.map((line) => `\t@${line}\n`).join("")}`;
}

/** Ends a process that the test or its machine started. */
export function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}
