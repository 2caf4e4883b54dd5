// A copy of the project's database part with some of its migrations, pushed with the real CLI.
import { cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { run, supabaseCli } from "../../scripts/support/command.ts";
import { projectFolder } from "../support/files.ts";
import { temporaryFolder } from "../support/temporary.ts";

const MIGRATIONS = "supabase/migrations";

/** The names of all migrations, in their order. */
export async function allMigrations(): Promise<string[]> {
  const names = await readdir(join(projectFolder, MIGRATIONS));
  return names.filter((name) => name.endsWith(".sql")).sort();
}

/** The last migrations of all prefixes from which an engine runs, but for the whole. */
export async function startingPoints(): Promise<string[]> {
  const names = await allMigrations();
  const first = await firstWith(names, "create function public.finish_job(");
  return names.slice(first, -1);
}

async function firstWith(names: string[], text: string): Promise<number> {
  for (const [place, name] of names.entries()) {
    const source = await Deno.readTextFile(join(projectFolder, MIGRATIONS, name));
    if (source.includes(text)) return place;
  }
  throw new Error(`no migration has "${text}": what makes an engine run?`);
}

export interface Copy {
  /** Adds the project's migrations up to and with this one; all of them: undefined. */
  addUpTo(last?: string): Promise<void>;
  /** Adds a migration of a test's own. */
  add(name: string, text: string): Promise<void>;
  /** `supabase db push`; tries again where a deadlock ended it. Returns how often it had to. */
  push(databaseUrl: string): Promise<number>;
}

/** Makes the copy. */
export async function copyProject(): Promise<Copy> {
  const folder = await temporaryFolder();
  const into = join(folder, MIGRATIONS);
  await mkdir(into, { recursive: true });
  await cp(join(projectFolder, "supabase/config.toml"), join(folder, "supabase/config.toml"));
  await Deno.writeTextFile(join(folder, "supabase/seed.sql"), "");
  return {
    async addUpTo(last) {
      for (const name of await allMigrations()) {
        await cp(join(projectFolder, MIGRATIONS, name), join(into, name));
        if (name === last) break;
      }
    },
    add: (name, text) => Deno.writeTextFile(join(into, name), text),
    async push(databaseUrl) {
      for (let again = 0;; again++) {
        const args = ["db", "push", `--remote=${databaseUrl}`, "--yes", `--workdir=${folder}`];
        const { success, stdout, stderr } = await run(supabaseCli, args);
        if (success) return again;
        const said = stderr + stdout;
        if (!said.includes("40P01") || again === 5) {
          throw new Error(`supabase db push failed:\n${said}`);
        }
      }
    },
  };
}
