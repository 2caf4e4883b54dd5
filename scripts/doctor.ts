// npm run doctor: walks the chain from the database to a job's end, and says what mends what is broken.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import postgres from "postgres";
import { allChecks } from "./doctor/all.ts";
import { apiUrlOf } from "./doctor/chain.ts";
import { type Outcome, type Remedy, runChecks } from "./doctor/check.ts";
import { projectFolder } from "./support/command.ts";
import { findTarget } from "./support/target.ts";
import { readSecrets } from "./support/vault.ts";

const HELP = `npm run doctor -- [options]

Looks at the running local stack, at a running supabase start, or at a database:
  --database-url URL   the database, as the role postgres (needed for hosted Supabase)
  --api-url URL        base URL of the API as this machine reaches it, if it is not the Vault's supabase_url
  --api-key KEY        anon or publishable key, to ask Auth and the REST API (or SUPABASE_ANON_KEY)
  --project DIR        the project's folder; this one by default
  --json               the outcomes as JSON

Ends with 0 if nothing is broken, with 1 if something is, with 2 if nothing could be looked at.
It queues one probe job of a name that no function has, and deletes it.
`;

function print(outcome: Outcome): void {
  const name = outcome.name.padEnd(18);
  if ("ok" in outcome) console.log(`ok       ${name} ${outcome.ok}`);
  else if ("unknown" in outcome) console.log(`?        ${name} not looked at: ${outcome.unknown}`);
  else if ("skipped" in outcome) console.log(`-        ${name} ${outcome.skipped}`);
  else {
    console.log(`BROKEN   ${name} ${outcome.problem}`);
    console.log(advice(outcome.remedy).replace(/^/gm, " ".repeat(9)));
  }
}

function advice(remedy: Remedy): string {
  if ("sql" in remedy) return `run this SQL:\n${remedy.sql.replace(/^/gm, "  ")}`;
  if ("command" in remedy) return `run: ${remedy.command}`;
  return `to do: ${remedy.todo}`;
}

async function main(): Promise<number> {
  const { values: options } = parseArgs({
    args: Deno.args.filter((argument) => argument !== "--"),
    options: {
      "database-url": { type: "string" },
      "api-url": { type: "string" },
      "api-key": { type: "string" },
      project: { type: "string", default: projectFolder },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const target = await findTarget(options);
  const sql = postgres(target.databaseUrl, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    const secrets = await readSecrets(sql);
    const outcomes = await runChecks(allChecks, {
      sql,
      projectDir: resolve(options.project),
      apiUrl: target.apiUrl ?? apiUrlOf(secrets.supabase_url),
      apiKey: target.apiKey,
      secrets,
    }, options.json ? () => {} : print);
    const broken = outcomes.filter((outcome) => "problem" in outcome).length;
    if (options.json) console.log(JSON.stringify({ target: target.name, outcomes }, null, 2));
    else {console.log(
        broken === 0 ? "nothing is broken" : `${broken} broken: mend the first one first`,
      );}
    return broken === 0 ? 0 : 1;
  } finally {
    await sql.end();
  }
}

try {
  Deno.exit(await main());
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  Deno.exit(2);
}
