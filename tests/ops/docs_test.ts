// The guide: its links lead somewhere, its npm scripts exist, and its CLI commands are the CLI's.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { run, supabaseCli } from "../../scripts/support/command.ts";
import { projectFolder } from "../support/files.ts";

const FOLDERS = ["", "docs", "docs/decisions", "stack", "bench", "deploy", "supabase/functions"];

interface Page {
  path: string;
  text: string;
}

async function pages(): Promise<Page[]> {
  const found: Page[] = [];
  for (const folder of FOLDERS) {
    for await (const { name, isFile } of Deno.readDir(join(projectFolder, folder))) {
      if (!isFile || !name.endsWith(".md")) continue;
      const path = join(folder, name);
      found.push({ path, text: await Deno.readTextFile(join(projectFolder, path)) });
    }
  }
  return found;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("every link of the guide leads to a file", async () => {
  const dead: string[] = [];
  for (const { path, text } of await pages()) {
    for (const [, target] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^https?:/.test(target!)) continue;
      if (!await exists(join(projectFolder, dirname(path), target!))) {
        dead.push(`${path}: ${target}`);
      }
    }
  }
  assert.deepEqual(dead, []);
});

Deno.test("every npm script that the guide names exists", async () => {
  const { scripts } = JSON.parse(await Deno.readTextFile(join(projectFolder, "package.json")));
  const unknown: string[] = [];
  for (const { path, text } of await pages()) {
    for (const [, name] of text.matchAll(/\bnpm run ([a-z:-]+)/g)) {
      if (!(name! in scripts)) unknown.push(`${path}: npm run ${name}`);
    }
  }
  assert.deepEqual(unknown, []);
});

Deno.test("every supabase command that the guide names takes the options it is given", async () => {
  const commands = new Map<string, Set<string>>();
  for (const { text } of await pages()) {
    for (const [, words, rest] of text.matchAll(/npx supabase ((?:[a-z]+ ?){1,2})([^`\n#]*)/g)) {
      const name = words!.trim();
      const options = commands.get(name) ?? new Set<string>();
      for (const [option] of rest!.matchAll(/--[a-z-]+/g)) options.add(option);
      commands.set(name, options);
    }
  }
  assert.ok(commands.has("db push"), [...commands.keys()].join(", "));
  for (const [name, options] of commands) {
    const { success, stdout } = await run(supabaseCli, [...name.split(" "), "--help"]);
    assert.ok(success, `supabase ${name}`);
    for (const option of options) assert.ok(stdout.includes(option), `supabase ${name} ${option}`);
  }
});
