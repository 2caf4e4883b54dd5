// What becomes of a build: that fails, hangs, is killed, is overtaken, or whose pusher has gone. Every time its fate is
// recorded and no folder, process or lock is left.
import assert from "node:assert/strict";
import {
  kill,
  makefile,
  type Project,
  startBuildMachine,
  startProject,
} from "./support/build_machine.ts";
import { run, until } from "./support/process.ts";
import { missing, testUnless } from "./support/tools.ts";

const problem = missing("git", "make", "ssh", "sshd");

function test(name: string, fn: (project: Project) => Promise<void>, notHere = problem): void {
  testUnless(notHere, name, async () => {
    const machine = await startBuildMachine();
    try {
      const project = await startProject(machine);
      await fn(project);
      await until("nothing is left", async () => (await project.leftovers()).length === 0)
        .catch(() => undefined);
      assert.deepEqual(await project.leftovers(), []);
    } finally {
      await machine.stop();
    }
  });
}

const MEGABYTES = "yes | head -c 30000000";

/** A push that goes on in the background, as a process that can be killed. */
function pushInBackground(project: Project): Deno.ChildProcess {
  return new Deno.Command("git", {
    args: ["push", "deploy", "main"],
    cwd: project.clone,
    env: project.machine.env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

/** Pushes, in the background, a build that waits until it is opened and then runs the lines in `after`. */
async function pushWaiting(project: Project, name: string, after: string[] = []) {
  const gate = `'${project.machine.root}/${name}'`;
  const recipe = [`echo ${name} begins`, `until test -e ${gate}; do sleep 0.1; done`, ...after];
  const commit = await project.commit({ Makefile: makefile(recipe) });
  const pusher = pushInBackground(project);
  return { commit, pusher, open: () => Deno.writeTextFile(`${project.machine.root}/${name}`, "") };
}

async function current(project: Project): Promise<{ commit?: string; pid: number }> {
  const text = await Deno.readTextFile(`${project.bare}/builds/current`).catch(() => "");
  const [, commit, pid] = text.split(" ");
  return { commit, pid: Number(pid) };
}

async function begins(project: Project, commit: string): Promise<void> {
  await until("the build begins", async () => (await project.log(commit)).includes("begins"));
}

test("a build that fails is recorded with make's exit status, and the push stands", async (project) => {
  const { code, output, commit } = await project.push(["echo does not compile", "exit 3"]);
  assert.equal(code, 0);
  assert.match(output, /does not compile/);
  assert.match(output, /failed after/);
  assert.equal(await project.fate(commit), "failed 2");
});

test("a build that hangs, with a child that ignores SIGTERM and one in its own session, is ended by the time-out", async (project) => {
  await project.set("timeout", "1");
  const { output, commit } = await project.push([
    "setsid sleep 300 &",
    "trap '' TERM; sleep 301 & sleep 302",
  ]);
  assert.match(output, /timeout after/);
  assert.equal(await project.fate(commit), "timeout 124");
});

test("a build that is killed is recorded as killed", async (project) => {
  const { output, commit } = await project.push(["sleep 300 & kill -KILL $$PPID; wait"]);
  assert.match(output, /killed after/);
  assert.equal(await project.fate(commit), "killed 137");
});

test("when what runs the build is killed, its fate is recorded and its processes are ended", async (project) => {
  const { commit, pusher } = await pushWaiting(project, "gate");
  await begins(project, commit);
  kill((await current(project)).pid);
  assert.ok((await pusher.status).success);
  assert.equal(await project.fate(commit), "killed 137");
  assert.match(await project.log(commit), /killed after/);
});

test("when everything of a build is killed at once, as by a power cut, the next contact sweeps up and records it", async (project) => {
  const { commit, pusher } = await pushWaiting(project, "gate");
  await begins(project, commit);
  for (const process of await project.machine.processes()) kill(parseInt(process));
  await pusher.status;
  assert.equal(await project.fate(commit), null);
  assert.equal((await project.leftovers()).some((thing) => thing.startsWith("folder")), true);
  const { code, output } = await project.remote("status");
  assert.match(output, new RegExp(`${commit.slice(0, 12)} killed 137`));
  assert.equal(code, 137);
});

test("a stale folder is swept by the next build", async (project) => {
  const { commit, pusher } = await pushWaiting(project, "gate");
  await begins(project, commit);
  for (const process of await project.machine.processes()) kill(parseInt(process));
  await pusher.status;
  const next = await project.push(["echo next"]);
  assert.equal(await project.fate(commit), "killed 137");
  assert.equal(await project.fate(next.commit), "ok 0");
});

test("a pusher killed in mid-build, whose build then writes megabytes: the build goes on to its end", async (project) => {
  const { commit, pusher, open } = await pushWaiting(project, "gate", [MEGABYTES]);
  await begins(project, commit);
  pusher.kill("SIGKILL");
  await pusher.status;
  await open();
  await until("it is recorded", async () => await project.fate(commit) !== null);
  assert.equal(await project.fate(commit), "ok 0");
});

test("a pusher who stops reading does not hold up the build, nor the hook for long after it", async (project) => {
  const { commit, pusher, open } = await pushWaiting(project, "gate", [MEGABYTES]);
  await begins(project, commit);
  pusher.kill("SIGSTOP");
  await open();
  await until("it is recorded", async () => await project.fate(commit) !== null);
  assert.equal(await project.fate(commit), "ok 0");
  await until("the hook has ended", async () => {
    const left = await project.machine.processes();
    return !left.some((process) => /hooks|deploy\/|tail/.test(process));
  });
  pusher.kill("SIGKILL");
  await pusher.status;
});

test("processes a build leaves in the background do not keep the push open, hold the lock, or live on", async (project) => {
  const started = Date.now();
  const { code, commit } = await project.push(["sleep 300 &", "setsid sleep 301 &"]);
  assert.equal(code, 0);
  assert.ok(Date.now() - started < 10_000);
  assert.equal(await project.fate(commit), "ok 0");
});

test("of pushes during a build the newest is built next and replaces the one that waited", async (project) => {
  const first = await pushWaiting(project, "first");
  await begins(project, first.commit);
  const second = await pushWaiting(project, "second");
  await until("the second waits", async () => {
    const { output } = await project.remote("status");
    return output.includes(`${second.commit.slice(0, 12)} waiting`);
  });
  const third = await pushWaiting(project, "third");
  await until("the second gives way", async () => await project.fate(second.commit) !== null);
  assert.equal(await project.fate(second.commit), "superseded 75");
  assert.match(await project.log(second.commit), new RegExp(third.commit.slice(0, 12)));
  assert.ok((await second.pusher.status).success);
  assert.equal((await current(project)).commit, first.commit);
  await first.open();
  await third.open();
  await Promise.all([first.pusher.status, third.pusher.status]);
  assert.equal(await project.fate(first.commit), "ok 0");
  assert.equal(await project.fate(third.commit), "ok 0");
});

test("the lock file stays the same file", async (project) => {
  const inode = async () => (await Deno.stat(`${project.bare}/builds/lock`)).ino;
  await project.push(["echo one"]);
  const before = await inode();
  await project.push(["echo two"]);
  assert.equal(await inode(), before);
});

test("a folder that a build made unwritable is removed all the same", async (project) => {
  const { commit } = await project.push([
    "mkdir -p cache/deep; touch cache/deep/x; chmod -R a-w .",
  ]);
  assert.equal(await project.fate(commit), "ok 0");
}, problem ?? (Deno.uid() === 0 ? "root may write to every folder" : null));

test("remote cancel ends the build under way; without one it says so", async (project) => {
  const idle = await project.remote("cancel");
  assert.equal(idle.code, 1);
  assert.match(idle.output, /nothing is being built/);
  const { commit, pusher } = await pushWaiting(project, "gate");
  await begins(project, commit);
  assert.equal((await project.remote("status")).code, 75);
  const { code, output } = await project.remote("cancel");
  assert.equal(code, 0, output);
  await pusher.status;
  assert.equal(await project.fate(commit), "canceled 130");
});

test("a second push of the same commit builds nothing; remote rebuild builds it and exits as the build does", async (project) => {
  const flaky = `test -e '${project.machine.root}/fixed'`;
  const { commit } = await project.push(["echo attempt", flaky]);
  assert.equal(await project.fate(commit), "failed 2");
  assert.match((await project.git("push", "deploy", "main")).output, /up-to-date/);
  const failing = await project.remote("rebuild");
  assert.equal(failing.code, 2);
  assert.match(failing.output, /attempt/);
  await Deno.writeTextFile(`${project.machine.root}/fixed`, "");
  const working = await project.remote("rebuild", commit.slice(0, 8));
  assert.equal(working.code, 0, working.output);
  assert.equal(await project.fate(commit), "ok 0");
});

test("remote logs shows a build's output and exits as it did; remote status exits as the newest did", async (project) => {
  const good = await project.push(["echo first light"]);
  const bad = await project.push(["echo dusk", "false"]);
  const logs = await project.remote("logs", good.commit);
  assert.deepEqual([logs.code, /first light/.test(logs.output)], [0, true]);
  const newest = await project.remote("logs");
  assert.deepEqual([newest.code, /dusk/.test(newest.output)], [2, true]);
  const status = await project.remote("status");
  assert.equal(status.code, 2);
  assert.match(
    status.output,
    new RegExp(`^${bad.commit.slice(0, 12)} failed 2 .*\n${good.commit.slice(0, 12)} ok 0 `),
  );
  const unknown = await project.remote("logs", "0123456");
  assert.equal(unknown.code, 1);
  assert.match(unknown.output, /expected a commit/);
  assert.equal((await project.remote("nonsense")).code, 64);
});

test("remote logs follows a build under way to its end", async (project) => {
  const { commit, pusher, open } = await pushWaiting(project, "gate");
  await begins(project, commit);
  const following = project.remote("logs");
  await open();
  const { code, output } = await following;
  assert.equal(code, 0);
  assert.match(output, /ok after/);
  await pusher.status;
});

test("remote finds an ssh:// address with a port as well", async (project) => {
  const { commit } = await project.push(["echo hello"]);
  const path = project.bare.replaceAll(" ", "%20");
  const config = await Deno.readTextFile(`${project.machine.root}/ssh_config`);
  const port = config.match(/Port (\d+)/)![1];
  const url = `ssh://${project.machine.host}:${port}${decodeURIComponent(path)}`;
  await run(["git", "remote", "set-url", "deploy", url], { cwd: project.clone });
  const { code, output } = await project.remote("status");
  assert.equal(code, 0, output);
  assert.match(output, new RegExp(commit.slice(0, 12)));
});
