// npm run types: writes the TypeScript types of the database.
import { output, supabaseCli } from "./support/command.ts";
import { type Generated, write } from "./support/generated.ts";
import { withMigratedDatabase } from "./support/scratch.ts";

const HEADER = `// Generated from the migrations by npm run types. Do not edit.
// deno-lint-ignore-file

`;

/** The types that the CLI generates for schema public, formatted. */
export const types: Generated = {
  path: "supabase/functions/_shared/database.types.ts",
  script: "types",
  async make(databaseUrl) {
    const args = ["gen", "types", `--remote=${databaseUrl}`, "--schema", "public"];
    const source = await output(supabaseCli, args);
    return await output(Deno.execPath(), ["fmt", "--ext", "ts", "-"], HEADER + source);
  },
};

if (import.meta.main) await withMigratedDatabase(({ url }) => write(types, url));
