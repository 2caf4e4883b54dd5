import { join } from "node:path";
import { parseArgs } from "node:util";
import { type JobFile, jobFiles } from "./new-job/files.ts";

const HELP = `npm run new-job NAME

Makes a new job, ready to run and green:
  supabase/functions/NAME/job.ts      its name and its body's schema, shared with apps
  supabase/functions/NAME/index.ts    the Edge Function that does it
  supabase/functions/tests/NAME-test.ts
  supabase/migrations/…_job_NAME.sql  its row in job_config
  supabase/config.toml                its entry [functions.NAME]

NAME starts with a letter and has at most 128 letters, digits, "-" and "_".
`;

const NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,127}$/;
/** Folders of supabase/functions that are no functions. */
const RESERVED = ["tests"];

/** Makes the job in the project at `root`. Returns the paths it wrote; throws saying what is wrong. */
export async function newJob(root: string, name: string): Promise<string[]> {
  if (!NAME.test(name)) {
    throw new Error(
      `"${name}" cannot be a job's name: it starts with a letter and has at most 128 letters, ` +
        `digits, "-" and "_"`,
    );
  }
  await refuseTaken(root, name);
  const files = jobFiles(name, await nextMigration(root));
  for (const file of files) await write(join(root, file.path), file.content);
  await addConfig(root, name);
  await format(root, files);
  return [...files.map((file) => file.path), CONFIG];
}

const CONFIG = join("supabase", "config.toml");
const FUNCTIONS = join("supabase", "functions");
const MIGRATIONS = join("supabase", "migrations");

async function refuseTaken(root: string, name: string): Promise<void> {
  const wanted = name.toLowerCase();
  const taken = [...RESERVED, ...await names(join(root, FUNCTIONS))]
    .find((one) => one.toLowerCase() === wanted);
  if (taken) throw new Error(`the name "${name}" is taken by ${join(FUNCTIONS, taken)}`);
  const config = await Deno.readTextFile(join(root, CONFIG));
  if (config.split("\n").some((line) => line.trim() === `[functions.${name}]`)) {
    throw new Error(`the name "${name}" is taken: ${CONFIG} has a section [functions.${name}]`);
  }
  const test = `${name}-test.ts`;
  if ((await names(join(root, FUNCTIONS, "tests"))).includes(test)) {
    throw new Error(`the name "${name}" is taken by ${join(FUNCTIONS, "tests", test)}`);
  }
}

/** A version that comes after all migrations that are there, whatever the clock says. */
async function nextMigration(root: string): Promise<string> {
  const now = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  const versions = (await names(join(root, MIGRATIONS)))
    .map((file) => file.match(/^(\d{14})_/)?.[1] ?? "");
  const last = versions.sort().at(-1) || "0";
  return now > last ? now : String(BigInt(last) + 1n);
}

async function names(folder: string): Promise<string[]> {
  const entries: string[] = [];
  for await (const entry of Deno.readDir(folder)) entries.push(entry.name);
  return entries;
}

async function write(path: string, content: string): Promise<void> {
  await Deno.mkdir(join(path, ".."), { recursive: true });
  await Deno.writeTextFile(path, content, { createNew: true });
}

async function addConfig(root: string, name: string): Promise<void> {
  const path = join(root, CONFIG);
  const config = (await Deno.readTextFile(path)).trimEnd();
  await Deno.writeTextFile(path, `${config}\n\n[functions.${name}]\nverify_jwt = true\n`);
}

async function format(root: string, files: JobFile[]): Promise<void> {
  const paths = files.map((file) => file.path).filter((path) => path.endsWith(".ts"));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", ...paths],
    cwd: root,
  }).output();
  if (!success) throw new Error(`deno fmt failed: ${new TextDecoder().decode(stderr)}`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    options: { help: { type: "boolean", short: "h" } },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) {
    console.error(HELP);
    return 2;
  }
  const paths = await newJob(Deno.cwd(), name);
  console.log(paths.map((path) => `wrote ${path}`).join("\n"));
  console.log(
    `\nNow say in ${FUNCTIONS}/${name}/job.ts what the body is and in index.ts what to do.`,
  );
  console.log(`Its test: npm test -- functions ${name}-test`);
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    console.error((error as Error).message);
    Deno.exit(1);
  }
}
