import assert from "node:assert/strict";
import { join } from "node:path";
import { importMapFlags } from "../../stack/std/jsr.ts";

const root = join(import.meta.dirname!, "..", "..");

/** A copy of the project in which jobs may be made. */
async function withProject(test: (project: string) => Promise<void>): Promise<void> {
  const project = await Deno.makeTempDir();
  try {
    for (const path of ["deno.json", "package.json", "scripts", "stack/std", "supabase"]) {
      await copy(join(root, path), join(project, path));
    }
    await Deno.symlink(join(root, "node_modules"), join(project, "node_modules"));
    await test(project);
  } finally {
    await Deno.remove(project, { recursive: true });
  }
}

async function copy(from: string, to: string): Promise<void> {
  if (!(await Deno.stat(from)).isDirectory) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) await copy(join(from, name), join(to, name));
}

async function deno(project: string, ...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: project,
    env: { NO_COLOR: "1", DO_NOT_TRACK: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

const newJob = (project: string, ...args: string[]) =>
  deno(project, "run", "-A", "scripts/new-job.ts", ...args);

/** All files of the project with their contents. */
async function snapshot(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isFile, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) found.push(...await snapshot(path));
    else if (isFile) found.push(`${path}\n${await Deno.readTextFile(path)}`);
  }
  return found.sort();
}

Deno.test("npm run new-job makes a job that is green at once, also with the longest name", () =>
  withProject(async (project) => {
    const names = ["delete", `Send_mail-${"x".repeat(118)}`];
    for (const name of names) {
      const made = await newJob(project, name);
      assert.equal(made.code, 0, made.text);
    }
    const paths = names.flatMap((name) => [
      `supabase/functions/${name}/job.ts`,
      `supabase/functions/${name}/index.ts`,
      `supabase/functions/tests/${name}-test.ts`,
    ]);
    for (const check of [["fmt", "--check"], ["lint"], ["test", "-A"]]) {
      const files = check[0] === "test" ? paths.filter((path) => path.endsWith("-test.ts")) : paths;
      const flags = check[0] === "test" ? await importMapFlags(() => {}) : [];
      const { code, text } = await deno(project, ...check, ...flags, ...files);
      assert.equal(code, 0, text);
      if (check[0] === "test") assert.match(text, /4 passed/);
    }
    const config = await Deno.readTextFile(join(project, "supabase", "config.toml"));
    assert.match(config, /\n\[functions\.delete\]\nverify_jwt = true\n/);

    const migrations: string[] = [];
    for await (const { name } of Deno.readDir(join(project, "supabase", "migrations"))) {
      migrations.push(name);
    }
    const made = migrations.sort().slice(-2).map((name) => name.slice(15));
    assert.deepEqual(made, names.map((name) => `job_${name}.sql`), "they come after all others");
  }));

Deno.test("npm run new-job refuses a bad or taken name and changes nothing", () =>
  withProject(async (project) => {
    const before = await snapshot(join(project, "supabase"));
    for (
      const [name, reason] of [
        ["1st", /cannot be a job's name/],
        ["../x", /cannot be a job's name/],
        ["ä", /cannot be a job's name/],
        ["x".repeat(129), /cannot be a job's name/],
        ["send-digest", /taken by supabase\/functions\/send-digest/],
        ["Send-Digest", /taken by supabase\/functions\/send-digest/],
        ["tests", /taken/],
        ["queue-job", /taken by supabase\/functions\/tests\/queue-job-test\.ts/],
      ] as const
    ) {
      const { code, text } = await newJob(project, name);
      assert.equal(code, 1, name);
      assert.match(text, reason);
    }
    assert.deepEqual(await snapshot(join(project, "supabase")), before);
  }));

Deno.test("npm run new-job explains itself", () =>
  withProject(async (project) => {
    const help = await newJob(project, "--help");
    assert.equal(help.code, 0);
    assert.match(help.text, /npm run new-job NAME/);
    const without = await newJob(project);
    assert.equal(without.code, 2);
  }));
