// What a push does: which refs are built, in which tree, in which environment, and what the pusher sees.
import assert from "node:assert/strict";
import {
  makefile,
  type Project,
  startBuildMachine,
  startProject,
} from "./support/build_machine.ts";
import type { ProjectOptions } from "./support/build_machine.ts";
import { must } from "./support/process.ts";
import { missing, testUnless } from "./support/tools.ts";

const problem = missing("git", "make", "ssh", "sshd");

function test(
  name: string,
  fn: (project: Project) => Promise<void>,
  options: ProjectOptions = {},
): void {
  testUnless(problem, name, async () => {
    const machine = await startBuildMachine();
    try {
      const project = await startProject(machine, options);
      await fn(project);
      assert.deepEqual(await project.leftovers(), []);
    } finally {
      await machine.stop();
    }
  });
}

const SAYS_HELLO = ["echo hello from $$(pwd)"];

test(
  "the first push of main is built, in a private folder named after the repository, in view of the pusher",
  async (project) => {
    const { code, output, commit } = await project.push([
      "echo hello from $$(pwd)",
      "echo mode $$(stat -c %a .)",
    ]);
    assert.equal(code, 0, output);
    assert.match(output, /remote: hello from .*\/tmp\/shop\./);
    assert.match(output, /remote: mode 700/);
    assert.equal(await project.fate(commit), "ok 0");
    assert.match(await project.log(commit), /hello from/);
  },
  { name: "shop" },
);

test("a repository whose name has spaces is built", async (project) => {
  const { output, commit } = await project.push(['test "$$REPOSITORY" = "my little shop"', "pwd"]);
  assert.match(output, /\/tmp\/my little shop\./);
  assert.equal(await project.fate(commit), "ok 0", output);
}, { name: "my little shop" });

test("another branch is ignored, and one line says so", async (project) => {
  await project.commit({ Makefile: makefile(SAYS_HELLO) });
  const { code, output } = await project.git("push", "deploy", "main:refs/heads/topic");
  assert.equal(code, 0);
  const said = output.split("\n").filter((line) => line.startsWith("remote: deploy:"));
  assert.deepEqual(said.map((line) => line.trim()), [
    "remote: deploy: refs/heads/topic ignored: only refs/heads/main is built",
  ]);
  assert.doesNotMatch(output, /hello/);
});

test("a tag is ignored, and one line says so", async (project) => {
  await project.push(SAYS_HELLO);
  await project.git("tag", "v1");
  const { output } = await project.git("push", "deploy", "v1");
  assert.match(output, /remote: deploy: refs\/tags\/v1 ignored/);
  assert.doesNotMatch(output, /hello/);
});

test("the branch that is built can be configured", async (project) => {
  await project.set("branch", "live");
  const commit = await project.commit({ Makefile: makefile(SAYS_HELLO) });
  const main = await project.git("push", "deploy", "main");
  assert.match(main.output, /refs\/heads\/main ignored: only refs\/heads\/live is built/);
  const live = await project.git("push", "deploy", "main:live");
  assert.match(live.output, /hello/);
  assert.equal(await project.fate(commit), "ok 0");
});

test("of several refs in one push main is built once and each other one is said to be ignored", async (project) => {
  await project.commit({ Makefile: makefile(SAYS_HELLO) });
  const { output } = await project.git(
    "push",
    "deploy",
    "main:a",
    "main",
    "main:z",
    "main:refs/tags/t",
  );
  assert.equal(output.match(/hello/g)?.length, 1, output);
  for (const ref of ["refs/heads/a", "refs/heads/z", "refs/tags/t"]) {
    assert.ok(output.includes(`${ref} ignored`), output);
  }
});

test("a build that reads its standard input swallows no ref", async (project) => {
  await project.commit({ Makefile: makefile(["cat", "echo read $$(wc -c) bytes"]) });
  const { output } = await project.git("push", "deploy", "main:a", "main", "main:z");
  assert.match(output, /read 0 bytes/);
  assert.match(output, /heads\/a ignored/);
  assert.match(output, /heads\/z ignored/);
});

test("a force push is built", async (project) => {
  await project.push(SAYS_HELLO);
  await project.git("checkout", "-q", "--orphan", "other");
  const commit = await project.commit({ Makefile: makefile(["echo rewritten"]) });
  const { code, output } = await project.git("push", "--force", "deploy", "other:main");
  assert.equal(code, 0, output);
  assert.match(output, /remote: rewritten/);
  assert.equal(await project.fate(commit), "ok 0");
});

test("a deletion of main builds nothing, and says so", async (project) => {
  await project.push(SAYS_HELLO);
  await must(["git", "-C", project.bare, "config", "receive.denyDeleteCurrent", "ignore"]);
  const { code, output } = await project.git("push", "deploy", ":main");
  assert.equal(code, 0, output);
  assert.match(output, /refs\/heads\/main was deleted: nothing to build/);
  assert.doesNotMatch(output, /hello/);
});

test("a tree without a Makefile is not built, and the pusher is told why", async (project) => {
  const commit = await project.commit({ "README.md": "no Makefile" });
  const { code, output } = await project.git("push", "deploy", "main");
  assert.equal(code, 0);
  assert.match(output, /nothing to build: .* has no Makefile/);
  assert.equal(await project.fate(commit), "skipped 0");
});

test("a Makefile without a build: target is not run, and the pusher is told why", async (project) => {
  const commit = await project.commit({
    Makefile: "build := out\nrebuild:\n\t@echo wrong\n\nall:\n\t@echo wrong\n",
  });
  const { output } = await project.git("push", "deploy", "main");
  assert.match(output, /nothing to build: the Makefile of .* has no build: target/);
  assert.doesNotMatch(output, /wrong/);
  assert.equal(await project.fate(commit), "skipped 0");
});

test("none of git's own variables reaches the build", async (project) => {
  const { output, commit } = await project.push([
    "env | grep ^GIT_ || echo no variables of git",
    "git init -q inner && git -C inner status --short && test -d inner/.git",
  ]);
  assert.match(output, /no variables of git/);
  assert.equal(await project.fate(commit), "ok 0", output);
});

test("the build sees exactly the pushed commit, export-ignore or not, and the repository gets no index", async (project) => {
  await project.push(["true"], { "gone.txt": "of an earlier commit" });
  await Deno.remove(`${project.clone}/gone.txt`);
  const { output, commit } = await project.push(["ls -A", "cat 'a b/secret.txt'"], {
    ".gitattributes": "* export-ignore\n*.sh eol=crlf\n",
    "a b/secret.txt": "exported all the same\n",
    "run.sh": "one\n",
  });
  const shown = [...output.matchAll(/^remote: (.*?) *$/gm)].map(([, line]) => line);
  const tree = [".gitattributes", "Makefile", "a b", "run.sh", "exported all the same"];
  assert.deepEqual(shown.slice(1, -1), tree);
  assert.equal(await project.fate(commit), "ok 0");
  await assert.rejects(Deno.stat(`${project.bare}/index`), Deno.errors.NotFound);
});

test("deploy.env of the central repository is the build's environment, and deploy.target says what is made", async (project) => {
  await Deno.writeTextFile(`${project.bare}/deploy.env`, "GREETING='good morning'\n");
  await project.set("target", "build after");
  await project.commit({ Makefile: `${makefile(["echo $$GREETING"])}after:\n\t@echo and after\n` });
  const { output } = await project.git("push", "deploy", "main");
  assert.match(output, /good morning[^]*and after/);
});

test("without enough free space nothing is checked out, and the message says what to do", async (project) => {
  await project.set("minfree", "999999999");
  const { output, commit } = await project.push(SAYS_HELLO);
  assert.match(output, /MiB free, 999999999 are needed .* make room, then rebuild/);
  assert.doesNotMatch(output, /hello/);
  assert.equal(await project.fate(commit), "failed 1");
});

test("the last logs are kept, older ones are removed", async (project) => {
  await project.set("keep", "2");
  const commits: string[] = [];
  for (const word of ["one", "two", "three"]) {
    commits.push((await project.push([`echo ${word}`])).commit);
  }
  const fates = await Promise.all(commits.map((commit) => project.fate(commit)));
  assert.deepEqual(fates, [null, "ok 0", "ok 0"]);
  assert.equal(await project.log(commits[0]!), "");
  assert.match(await project.log(commits[1]!), /two/);
});

test(
  "as pre-receive, a failing build refuses the push and a good one lets it in",
  async (project) => {
    const bad = await project.push(["echo does not compile", "false"]);
    assert.notEqual(bad.code, 0);
    assert.match(bad.output, /does not compile/);
    assert.match(bad.output, /pre-receive hook declined/);
    assert.equal(await project.fate(bad.commit), "failed 2");
    const tip = () => must(["git", "-C", project.bare, "for-each-ref"]);
    assert.equal(await tip(), "");
    const good = await project.push(["echo compiles"]);
    assert.equal(good.code, 0, good.output);
    assert.match(await tip(), new RegExp(good.commit));
  },
  { install: ["--refuse"] },
);
