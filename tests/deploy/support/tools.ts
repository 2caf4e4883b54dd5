/** Debian's packages of the tools the tests use; every one of them is the real thing. */
const PACKAGES: Record<string, string> = {
  git: "git",
  make: "make",
  curl: "curl",
  sshd: "openssh-server",
  ssh: "openssh-client",
  shellcheck: "shellcheck",
  "docker-registry": "docker-registry",
  buildah: "buildah",
  podman: "podman",
  runc: "runc",
  "docker-compose": "docker-compose",
  busybox: "busybox-static",
};
const FOLDERS = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin"];
const POLICY = "/usr/sbin/policy-rc.d";

/** Installs the packages of the tools that are missing, without starting any service of theirs. */
export async function installTools(): Promise<void> {
  const packages = Object.keys(PACKAGES).filter((tool) => !pathOf(tool)).map((t) => PACKAGES[t]!);
  if (packages.length === 0) return;
  if (Deno.uid() !== 0 || !pathOf("apt-get")) {
    console.log(`not installed, for want of root and apt-get: ${packages.join(" ")}`);
    return;
  }
  const ownPolicy = !exists(POLICY);
  if (ownPolicy) await Deno.writeTextFile(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    console.log(`installing ${packages.join(" ")}`);
    const arguments_ = ["install", "-y", "-qq", "--no-install-recommends", ...packages];
    if (await apt(arguments_)) return;
    await apt(["update", "-qq"]);
    if (!await apt(arguments_)) console.log("apt-get could not install all of them");
  } finally {
    if (ownPolicy) await Deno.remove(POLICY);
  }
}

async function apt(arguments_: string[]): Promise<boolean> {
  const { success } = await new Deno.Command("apt-get", {
    args: arguments_,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

/** Where a tool is, or null. */
export function pathOf(tool: string): string | null {
  return FOLDERS.map((folder) => `${folder}/${tool}`).find(exists) ?? null;
}

/** Why these tools cannot be used here, or null if they can. */
export function missing(...tools: string[]): string | null {
  const absent = tools.filter((tool) => !pathOf(tool));
  return absent.length ? `${absent.join(", ")} not installed` : null;
}

/** Declares a test that counts as skipped, with its reason in its name, where `problem` is not null. */
export function testUnless(problem: string | null, name: string, fn: () => Promise<void>): void {
  const reason = problem?.trim().split("\n").at(-1);
  Deno.test({ name: reason ? `${name} (cannot run here: ${reason})` : name, ignore: !!reason, fn });
}

/** Whether there is something at a path. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
