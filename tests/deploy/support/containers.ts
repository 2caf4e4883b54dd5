// A real registry, and the settings with which buildah and podman keep everything they have in one folder.
import { answers, freePort, must, processesWith, run, until } from "./process.ts";
import { missing, pathOf } from "./tools.ts";

/** A docker-registry on loopback. */
export interface Registry {
  /** `localhost:PORT`, as in an image's name. */
  address: string;
  config: string;
  pid: number;
  /** The tags of an image, in alphabetical order. */
  tags(name: string): Promise<string[]>;
  /** The number of files that the registry keeps. */
  blobs(): Promise<number>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a registry whose images are kept in `folder`. */
export async function startRegistry(folder: string): Promise<Registry> {
  await Deno.mkdir(folder, { recursive: true });
  const port = freePort();
  const config = `${folder}/config.yml`;
  const address = `localhost:${port}`;
  await Deno.writeTextFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: "error" },
      storage: { filesystem: { rootdirectory: `${folder}/data` }, delete: { enabled: true } },
      http: { addr: `127.0.0.1:${port}` },
    }),
  );
  const start = () =>
    new Deno.Command(pathOf("docker-registry")!, {
      args: ["serve", config],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  let child = start();
  await until("the registry answers", () => answers(port));
  const registry: Registry = {
    address,
    config,
    pid: child.pid,
    async tags(name) {
      const response = await fetch(`http://${address}/v2/${name}/tags/list`);
      const { tags } = await response.json() as { tags?: string[] | null };
      return (tags ?? []).sort();
    },
    async blobs() {
      return Number(await must(["sh", "-c", `find '${folder}/data' -name data -type f | wc -l`]));
    },
    async restart() {
      await registry.stop();
      child = start();
      registry.pid = child.pid;
      await until("the registry answers", () => answers(port));
    },
    async stop() {
      try {
        child.kill("SIGTERM");
      } catch {
        // It was stopped already.
      }
      await child.status;
    },
  };
  return registry;
}

/** The environment in which buildah and podman keep all they have in `folder`, as on a machine of its own. */
export async function containerHome(folder: string): Promise<Record<string, string>> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(
    `${folder}/storage.conf`,
    `[storage]\ndriver="vfs"\ngraphroot="${folder}/images"\nrunroot="${folder}/run"\n`,
  );
  await Deno.writeTextFile(
    `${folder}/containers.conf`,
    `[containers]
default_ulimits=["nofile=1024:1024","nproc=4096:4096"]
log_driver="k8s-file"
[engine]
runtime="runc"
cgroup_manager="cgroupfs"
events_logger="file"
lock_type="file"
tmp_dir="${folder}/tmp"
static_dir="${folder}/static"
volume_path="${folder}/volumes"
`,
  );
  return {
    CONTAINERS_STORAGE_CONF: `${folder}/storage.conf`,
    CONTAINERS_CONF: `${folder}/containers.conf`,
  };
}

/** Starts podman's service, to which compose talks as to Docker's; returns its address, and how to end all of it. */
export async function startEngine(folder: string, home: Record<string, string>) {
  const socket = `${folder}/engine.sock`;
  const cgroupsBefore = await cgroups();
  const child = new Deno.Command("podman", {
    args: ["system", "service", "--time", "0", `unix://${socket}`],
    env: home,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until("podman's service listens", () => Deno.stat(socket).then(() => true, () => false));
  return {
    env: { DOCKER_HOST: `unix://${socket}` },
    async stop() {
      await removeContainers(home);
      child.kill("SIGTERM");
      await child.status;
      await removeCgroups(cgroupsBefore);
    },
  };
}

/** Podman's control groups, which outlive its containers. */
async function cgroups(): Promise<string[]> {
  const { output } = await run(["sh", "-c", "ls -d /sys/fs/cgroup/*/libpod_parent 2>/dev/null"]);
  return output.split("\n").filter(Boolean);
}

/** Ends all containers, and waits for the processes that podman leaves to clear up after them. */
async function removeContainers(home: Record<string, string>): Promise<void> {
  await run(["podman", "rm", "--all", "--force", "--time", "0"], { env: home });
  const mark = `CONTAINERS_CONF=${home.CONTAINERS_CONF}`;
  const isClearing = (process: string) => /conmon|podman .*cleanup/.test(process);
  await until("the containers have ended", async () => {
    return !(await processesWith(mark)).some(isClearing);
  });
}

async function removeCgroups(except: string[]): Promise<void> {
  for (const cgroup of await cgroups()) {
    if (!except.includes(cgroup)) await run(["find", cgroup, "-depth", "-type", "d", "-delete"]);
  }
}

/** Why images cannot be built here, or null. */
export async function problemOfImages(): Promise<string | null> {
  const problem = missing("buildah", "docker-registry", "curl", "make", "git", "ssh", "sshd");
  if (problem) return problem;
  return await probe((home) => buildServer(home, "probe"));
}

/** Why containers cannot be run here, or null. */
export async function problemOfContainers(): Promise<string | null> {
  const problem = await problemOfImages() ??
    missing("podman", "docker-compose", "runc", "busybox");
  if (problem) return problem;
  return await probe(async (home) => {
    await buildServer(home, "probe");
    const arguments_ = ["--detach", "--network", "host", "--entrypoint", "/bin/busybox"];
    await must(["podman", "run", ...arguments_, "localhost/probe", "sleep", "60"], { env: home });
  });
}

/**
 * Builds, from scratch, an image that stands in for the edge runtime: whatever it is told to start, it serves the same
 * folder of functions, as plain files, on $PORT.
 */
export async function buildServer(home: Record<string, string>, tag: string): Promise<void> {
  const context = await Deno.makeTempDir({ prefix: "server-image-" });
  try {
    const busybox = pathOf("busybox");
    if (busybox) await Deno.copyFile(busybox, `${context}/busybox`);
    else await Deno.writeTextFile(`${context}/busybox`, "");
    const serve = "exec /bin/busybox httpd -f -p 127.0.0.1:$PORT -h /home/deno/functions";
    const entrypoint = JSON.stringify(["/bin/busybox", "sh", "-c", serve]);
    await Deno.writeTextFile(
      `${context}/Dockerfile`,
      `FROM scratch\nCOPY busybox /bin/busybox\nENTRYPOINT ${entrypoint}\n`,
    );
    await must(["buildah", "build", "--isolation", "chroot", "-q", "-t", tag, context], {
      env: home,
    });
  } finally {
    await Deno.remove(context, { recursive: true });
  }
}

async function probe(attempt: (home: Record<string, string>) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "containers-probe-" });
  const cgroupsBefore = await cgroups();
  const home = await containerHome(folder);
  try {
    await attempt(home);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    if (pathOf("podman")) await removeContainers(home);
    await run(["rm", "-rf", folder]);
    await removeCgroups(cgroupsBefore);
  }
}
