// From a push to an image in a real registry, and back: what is in it, going back to an earlier one, pruning.
import assert from "node:assert/strict";
import { must, run } from "./support/process.ts";
import { problemOfImages } from "./support/containers.ts";
import { type Delivery, startDelivery } from "./support/delivery.ts";
import { testUnless } from "./support/tools.ts";

const problem = await problemOfImages();
const DEFINITION = "supabase/functions/greet/index.ts";

function test(name: string, fn: (delivery: Delivery) => Promise<void>): void {
  testUnless(problem, name, async () => {
    const delivery = await startDelivery();
    try {
      await fn(delivery);
      assert.deepEqual(await delivery.project.leftovers(), []);
    } finally {
      await delivery.stop();
    }
  });
}

/** Mounts an image of the server's and hands over the folder of its files. */
async function inImage<T>(delivery: Delivery, tag: string, look: (folder: string) => Promise<T>) {
  const env = delivery.server;
  const container = await must(["buildah", "from", "--pull-never", `${delivery.image}:${tag}`], {
    env,
  });
  try {
    return await look(await must(["buildah", "mount", container], { env }));
  } finally {
    await must(["buildah", "rm", container], { env });
  }
}

/** The files below a folder with their contents' hashes, as `hash path`. */
async function hashes(folder: string): Promise<string[]> {
  const listing = await must(["sh", "-c", "find . -type f -exec sha256sum {} + | sort -k 2"], {
    cwd: folder,
  });
  return listing.split("\n");
}

test("push, pulled image, rollback: each image holds its commit's functions, and latest goes back", async (delivery) => {
  const { project, registry } = delivery;
  const first = await delivery.deliver({ [DEFINITION]: "// one\n" });
  const second = await delivery.deliver({
    [DEFINITION]: "// two\n",
    "supabase/functions/.env": "SECRET=1\n",
    "supabase/functions/greet/greet_test.ts": "// a test\n",
  });
  assert.deepEqual(await registry.tags("shop"), [first, second, "latest"].sort());

  for (const commit of [first, second]) {
    const { code, output } = await delivery.make(commit, "pull");
    assert.equal(code, 0, output);
    const tree = await Deno.makeTempDir({ prefix: "tree-" });
    try {
      const archive = `git -C '${project.bare}' archive ${commit} | tar -x -C ${tree}`;
      await must(["bash", "-o", "pipefail", "-c", archive]);
      const functions = `${tree}/supabase/functions`;
      await must(["sh", "-c", `rm -rf ${functions}/tests ${functions}/.env`]);
      await must(["find", functions, "-name", "*_test.ts", "-delete"]);
      await inImage(delivery, commit, async (folder) => {
        assert.deepEqual(await hashes(`${folder}/home/deno/functions`), await hashes(functions));
        const mode = await must([
          "stat",
          "-c",
          "%a",
          `${folder}/home/deno/functions/greet/index.ts`,
        ]);
        assert.equal(mode, "644");
        const main = await hashes(`${folder}/home/deno/main`);
        assert.deepEqual(main, await hashes(`${tree}/deploy/server/main`));
      });
    } finally {
      await Deno.remove(tree, { recursive: true });
    }
  }

  const latest = () =>
    inImage(
      delivery,
      "latest",
      (folder) => Deno.readTextFile(`${folder}/home/deno/functions/greet/index.ts`),
    );
  assert.equal((await delivery.make(second, "pull", "TAG=latest")).code, 0);
  assert.equal(await latest(), "// two\n");
  const back = await delivery.make(second, "pull", "latest", `TAG=${first}`);
  assert.equal(back.code, 0, back.output);
  await must(["buildah", "rmi", "--all", "--force"], { env: delivery.server });
  assert.equal((await delivery.make(second, "pull", "TAG=latest")).code, 0);
  assert.equal(await latest(), "// one\n");
});

test("a build whose registry is away fails, and says so to the pusher", async (delivery) => {
  await delivery.registry.stop();
  const commit = await delivery.project.commit({ [DEFINITION]: "// one\n" });
  const { output } = await delivery.project.git("push", "deploy", "main");
  assert.match(output, /connection refused/);
  assert.equal(await delivery.project.fate(commit), "failed 2");
});

test("prune keeps the newest commits, the running one and latest, and collects only while the registry is stopped", async (delivery) => {
  const { registry } = delivery;
  const commits: string[] = [];
  for (const word of ["one", "two", "three", "four"]) {
    commits.push(await delivery.deliver({ [DEFINITION]: `// ${word}\n` }));
  }
  const [first, , third, fourth] = commits;
  const before = await registry.blobs();
  const collect = `REGISTRY_COLLECT=docker-registry garbage-collect ${registry.config}`.replace(
    registry.config,
    `'${registry.config}'`,
  );
  const prune = (...arguments_: string[]) =>
    delivery.make(fourth!, "prune", "KEEP=2", `RUNNING=${first}`, collect, ...arguments_);

  const refused = await prune("REGISTRY_STOP=true", "REGISTRY_START=true");
  assert.notEqual(refused.code, 0);
  assert.match(refused.output, /the registry still answers; collecting now could lose images/);
  assert.equal(await registry.blobs(), before);
  assert.deepEqual(await registry.tags("shop"), [first, third, fourth, "latest"].sort());

  const stop = `kill ${registry.pid}; tail --pid=${registry.pid} -f /dev/null`;
  const { code, output } = await prune(`REGISTRY_STOP=${stop}`, "REGISTRY_START=true");
  assert.equal(code, 0, output);
  await registry.restart();
  assert.ok(await registry.blobs() < before);
  for (const tag of [first!, third!, fourth!, "latest"]) {
    assert.equal((await delivery.make(fourth!, "pull", `TAG=${tag}`)).code, 0, tag);
  }
});

test("prune deletes no image that a kept tag shares", async (delivery) => {
  const { registry, image, builder } = delivery;
  const first = await delivery.deliver({ [DEFINITION]: "// one\n" });
  const second = await delivery.deliver({ [DEFINITION]: "// two\n" });
  const third = await delivery.deliver({ [DEFINITION]: "// three\n" });
  await must(["buildah", "tag", `${image}:${third}`, `${image}:${first}`], { env: builder });
  const push = ["buildah", "push", "--tls-verify=false", `${image}:${first}`];
  assert.equal((await run(push, { env: builder })).code, 0);
  const pruned = await delivery.make(third, "prune", "KEEP=1", "RUNNING=", "REGISTRY_STOP=true");
  assert.match(pruned.output, new RegExp(`deleted ${image}:${second}`));
  assert.deepEqual(await registry.tags("shop"), [first, third, "latest"].sort());
});
