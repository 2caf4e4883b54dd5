import {
  type BuildMachine,
  type Project,
  startBuildMachine,
  startProject,
} from "./build_machine.ts";
import { containerHome, type Registry, startRegistry } from "./containers.ts";
import { must, type Outcome, run } from "./process.ts";

const ROOT = new URL("../../..", import.meta.url).pathname;

/** From a clone to a server: this template's own tree, its central repository, a registry, and a server's checkout. */
export interface Delivery {
  machine: BuildMachine;
  project: Project;
  registry: Registry;
  /** The image's name without its tag. */
  image: string;
  /** Where the build machine keeps its images. */
  builder: Record<string, string>;
  /** Where the server keeps its images. */
  server: Record<string, string>;
  /** Commits these files on top of the template and pushes main; fails if the build does. */
  deliver(files: Record<string, string>): Promise<string>;
  /** `make …` in the server's checkout of a commit. */
  make(commit: string, ...arguments_: string[]): Promise<Outcome>;
  stop(): Promise<void>;
}

export interface DeliveryOptions {
  /** What the image is built on, given the registry's address. */
  base?(address: string, builder: Record<string, string>): Promise<string>;
  /** Variables of the server's make. */
  variables?: Record<string, string>;
  /** Environment of the server's make. */
  env?: Record<string, string>;
}

export async function startDelivery(options: DeliveryOptions = {}): Promise<Delivery> {
  const machine = await startBuildMachine();
  const registry = await startRegistry(`${machine.root}/registry`);
  const builder = await containerHome(`${machine.root}/builder`);
  const server = await containerHome(`${machine.root}/server`);
  const project = await startProject(machine, { name: "shop" });
  const image = `${registry.address}/shop`;
  const base = await options.base?.(registry.address, builder) ?? "scratch";
  await Deno.writeTextFile(
    `${project.bare}/deploy.env`,
    Object.entries({
      ...builder,
      TOOL: "buildah",
      IMAGE: image,
      EDGE_RUNTIME_IMAGE: base,
      BUILD_FLAGS: "--isolation chroot --tls-verify=false",
    }).map(([name, value]) => `${name}='${value}'\n`).join(""),
  );
  for (const path of ["Makefile", "Dockerfile", ".dockerignore", "deploy", "supabase"]) {
    await must(["cp", "-R", `${ROOT}/${path}`, project.clone]);
  }
  await Deno.writeTextFile(`${project.clone}/.gitignore`, "node_modules\n");
  const checkout = `${machine.root}/checkout`;
  const { env } = machine;

  return {
    machine,
    project,
    registry,
    image,
    builder,
    server,
    async deliver(files) {
      const commit = await project.commit(files);
      const { output } = await project.git("push", "deploy", "main");
      const fate = await project.fate(commit);
      if (fate !== "ok 0") throw new Error(`the build ended as ${fate}:\n${output}`);
      return commit;
    },
    async make(commit, ...arguments_) {
      await must(["git", "-C", project.clone, "worktree", "prune"], { env });
      await must(["rm", "-rf", checkout]);
      await must(["git", "clone", "-q", project.bare, checkout], { env });
      await must(["git", "-C", checkout, "checkout", "-q", commit], { env });
      await Deno.symlink(`${ROOT}/node_modules`, `${checkout}/node_modules`);
      const variables = { TOOL: "buildah", IMAGE: image, ...options.variables };
      const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
      return await run(["make", ...arguments_, ...assignments], {
        cwd: checkout,
        env: { ...env, ...server, ...options.env },
      });
    },
    async stop() {
      await registry.stop();
      await machine.stop();
    },
  };
}
