// deploy/install, and the shell it installs.
import assert from "node:assert/strict";
import { DEPLOY } from "./support/build_machine.ts";
import { must, type Outcome, run } from "./support/process.ts";
import { missing, testUnless } from "./support/tools.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const SCRIPTS = ["post-receive", "remote", "build", "install", "registry/prune"];
const ENV = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };

type Install = (...arguments_: string[]) => Promise<Outcome>;

function test(name: string, fn: (folder: string, install: Install) => Promise<void>): void {
  testUnless(missing("git"), name, async () => {
    const folder = await Deno.makeTempDir({ prefix: "install " });
    const install: Install = (...arguments_) =>
      run([`${DEPLOY}/install`, ...arguments_], { cwd: folder, env: ENV });
    try {
      await fn(folder, install);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

const linkOf = (path: string) => Deno.readLink(path).catch(() => null);

test(
  "install makes a bare repository on main with the hook as a link, and prints its address",
  async (folder, install) => {
    const { code, output } = await install("shop.git");
    assert.equal(code, 0, output);
    assert.match(output, /^git remote add deploy \S+@\S+:\S*/);
    assert.equal(
      await must(["git", "-C", `${folder}/shop.git`, "symbolic-ref", "HEAD"]),
      "refs/heads/main",
    );
    assert.equal(await linkOf(`${folder}/shop.git/hooks/post-receive`), `${DEPLOY}/post-receive`);
  },
);

test(
  "install twice changes nothing, and --refuse exchanges one hook for the other",
  async (folder, install) => {
    const first = await install("shop.git");
    assert.deepEqual(await install("shop.git"), first);
    await install("--refuse", "shop.git");
    const hooks = `${folder}/shop.git/hooks`;
    assert.equal(await linkOf(`${hooks}/pre-receive`), `${DEPLOY}/post-receive`);
    assert.equal(await linkOf(`${hooks}/post-receive`), null);
  },
);

test("install leaves a hook that is not ours alone and says so", async (folder, install) => {
  await must(["git", "init", "-q", "--bare", `${folder}/shop.git`]);
  await Deno.writeTextFile(`${folder}/shop.git/hooks/post-receive`, "#!/bin/sh\n");
  const { code, output } = await install("shop.git");
  assert.equal(code, 1);
  assert.match(output, /hooks\/post-receive exists and is not ours/);
});

test("install refuses a folder that is not a repository", async (folder, install) => {
  await Deno.mkdir(`${folder}/things`);
  await Deno.writeTextFile(`${folder}/things/x`, "");
  const { code, output } = await install("things");
  assert.equal(code, 1);
  assert.match(output, /exists and is not a bare repository/);
});

test(
  "--uninstall takes the hooks away and leaves the repository and its logs",
  async (folder, install) => {
    await install("shop.git");
    await Deno.mkdir(`${folder}/shop.git/builds`);
    assert.equal((await install("--uninstall", "shop.git")).code, 0);
    assert.equal(await linkOf(`${folder}/shop.git/hooks/post-receive`), null);
    assert.equal(await linkOf(`${folder}/shop.git/hooks/remote`), null);
    assert.ok((await Deno.stat(`${folder}/shop.git/builds`)).isDirectory);
    assert.equal(
      await must(["git", "-C", `${folder}/shop.git`, "rev-parse", "--is-bare-repository"]),
      "true",
    );
  },
);

test(
  "--template makes a git template from which new repositories have the hook",
  async (folder, install) => {
    const { code, output } = await install("--template", "template");
    assert.equal(code, 0, output);
    assert.match(output, /^git config --global init\.templateDir /);
    const template = `init.templateDir=${folder}/template`;
    await must(["git", "-c", template, "init", "-q", "--bare", `${folder}/new.git`], { env: ENV });
    assert.equal(await linkOf(`${folder}/new.git/hooks/post-receive`), `${DEPLOY}/post-receive`);
  },
);

test("--help explains, and a wrong call explains and fails", async (_folder, install) => {
  const help = await install("--help");
  assert.equal(help.code, 0);
  assert.match(help.output, /^Usage: install/);
  assert.equal((await install()).code, 64);
  assert.equal((await install("--nonsense", "x")).code, 64);
});

test("make build without the tool, or without its engine, says what to do", async (folder) => {
  const absent = await run(["make", "-C", ROOT, "build", "TOOL=no-such-tool", "COMMIT=x"]);
  assert.notEqual(absent.code, 0);
  assert.match(
    absent.output,
    /build: expected no-such-tool, found no such program: install it, or say which/,
  );
  await Deno.writeTextFile(`${folder}/engineless`, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  const tool = `${folder}/engineless`.replaceAll(" ", "\\ ");
  const stopped = await run(["make", "-C", ROOT, "build", `TOOL=${tool}`, "COMMIT=x"]);
  assert.notEqual(stopped.code, 0);
});

test("the image is named after the repository, in letters a registry takes, and tagged with the commit", async () => {
  const { code, output } = await run(
    ["make", "-n", "build", "REPOSITORY=My Shop", "COMMIT=abc", "TOOL=docker"],
    { cwd: ROOT },
  );
  assert.equal(code, 0, output);
  const pushes = output.split("\n").filter((line) => line.startsWith("docker push"));
  assert.deepEqual(pushes.map((line) => line.trim().replace(/ +/g, " ")), [
    "docker push localhost:5000/my-shop:abc",
    "docker push localhost:5000/my-shop:latest",
  ]);
});

testUnless(missing("shellcheck"), "shellcheck finds nothing in the scripts", async () => {
  const { code, output } = await run(["shellcheck", ...SCRIPTS.map((name) => `${DEPLOY}/${name}`)]);
  assert.equal(code, 0, output);
});

Deno.test("the scripts and the Makefile's recipes are under 300 lines of shell", async () => {
  const scripts = await Promise.all(SCRIPTS.map((name) => Deno.readTextFile(`${DEPLOY}/${name}`)));
  const isCode = (line: string) => !/^\s*(#|$)/.test(line);
  const recipes = (await Deno.readTextFile(`${ROOT}/Makefile`)).split("\n")
    .filter((line) => line.startsWith("\t"));
  const lines = [...scripts.join("\n").split("\n").filter(isCode), ...recipes];
  assert.ok(lines.length < 300, `${lines.length} lines`);
});
