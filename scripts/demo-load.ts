// npm run demo:load: fills a local stack, so that the board has something to show.
import { parseArgs } from "node:util";
import postgres from "postgres";
import { loadHistory } from "./demo-load/history.ts";
import { loadLive } from "./demo-load/live.ts";
import { random } from "./demo-load/random.ts";
import { DEMO_EMAILS, OPERATOR_EMAIL, PASSWORD, signInAll } from "./demo-load/users.ts";
import { findTarget } from "./support/target.ts";

const HELP = `npm run demo:load -- [options]

Makes ${DEMO_EMAILS.join(", ")} (password ${PASSWORD}; the last one is an
operator) in a running local stack, a week of ended jobs, and jobs that wait, run, fail and come again.
  --jobs N             ended jobs of the past week, 600 by default
  --seed N             the same number gives the same load, 1 by default
  --database-url URL, --api-url URL, --api-key KEY   another project; refused without --yes
  --yes                also where it is not this machine's: these users can sign in with a known password
`;

async function main(): Promise<number> {
  const { values: options } = parseArgs({
    args: Deno.args.filter((argument) => argument !== "--"),
    options: {
      jobs: { type: "string", default: "600" },
      seed: { type: "string", default: "1" },
      "database-url": { type: "string" },
      "api-url": { type: "string" },
      "api-key": { type: "string" },
      yes: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const jobs = wholeNumber("--jobs", options.jobs);
  const rng = random(wholeNumber("--seed", options.seed));
  const { name, databaseUrl, apiUrl, apiKey } = await findTarget(options);
  if (!apiUrl || !apiKey) {
    throw new Error("expected --api-url and --api-key beside --database-url: users sign in there");
  }
  if (!options.yes && !(isLocal(databaseUrl) && isLocal(apiUrl))) {
    throw new Error(
      `${name} is not on this machine, and the demo's users have a known password: say --yes if you mean it`,
    );
  }

  const sql = postgres(databaseUrl, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    const users = await signInAll(sql, apiUrl, apiKey);
    const ended = await loadHistory(sql, users, jobs, rng);
    const live = await loadLive(sql, users, rng);
    console.log(`${name}: ${ended} ended jobs of the past week, ${live} new ones`);
    console.log(`sign in as ${OPERATOR_EMAIL} or ${DEMO_EMAILS[0]}, password ${PASSWORD}`);
    return 0;
  } finally {
    await sql.end();
  }
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 100_000) {
    throw new Error(`${option}: expected a whole number from 1 to 100000, found ${text}`);
  }
  return number;
}

function isLocal(url: string): boolean {
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
}

try {
  Deno.exit(await main());
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  Deno.exit(2);
}
