// npm run vault: fills the Vault with what the engine needs, or changes it. Values are never printed.
import { parseArgs } from "node:util";
import postgres from "postgres";
import { findTarget, type Target } from "./support/target.ts";
import { askAuth, signProbe } from "./support/token.ts";
import {
  isInternal,
  readSecrets,
  type SecretName,
  secretProblem,
  type Secrets,
  urlProblem,
  writeSecret,
} from "./support/vault.ts";

const HELP = `npm run vault -- [options]

Fills the Vault of the running local stack, of a running supabase start, or of a database:
  --database-url URL   the database, as the role postgres (needed for hosted Supabase)
  --supabase-url URL   base URL of the API as the database reaches it   (or VAULT_SUPABASE_URL)
  --jwt-secret -       reads the JWT secret from standard input          (or VAULT_JWT_SECRET)
  --jwt-kid KID        id of the key in the tokens' header, if needed    (or VAULT_JWT_KID)
  --api-url URL        base URL of the API as this machine reaches it, if it is another one
  --api-key KEY        anon or publishable key, to ask Auth about the secret (or SUPABASE_ANON_KEY)
  --check              changes nothing: says what is missing or wrong

What is not given is taken from the target, or from the Vault, or asked for. A secret on the command line
would be seen by others on this machine, so --jwt-secret takes only "-".
`;

const options = parseArgs({
  args: Deno.args.filter((argument) => argument !== "--"),
  options: {
    "database-url": { type: "string" },
    "supabase-url": { type: "string" },
    "jwt-secret": { type: "string" },
    "jwt-kid": { type: "string" },
    "api-url": { type: "string" },
    "api-key": { type: "string" },
    check: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
}).values;

/** The values to write: from the command line, the environment, the target, the Vault, or a prompt. */
async function gather(target: Target, known: Secrets): Promise<Secrets> {
  const wanted: Secrets = {
    supabase_url: options["supabase-url"] ?? Deno.env.get("VAULT_SUPABASE_URL") ??
      target.supabaseUrl ?? known.supabase_url,
    "app.jwt_secret": await secretFromStdin() ?? Deno.env.get("VAULT_JWT_SECRET") ??
      target.jwtSecret ?? known["app.jwt_secret"],
    "app.jwt_kid": options["jwt-kid"] ?? Deno.env.get("VAULT_JWT_KID") ?? known["app.jwt_kid"],
  };
  if (!options.check && Deno.stdin.isTerminal()) {
    wanted.supabase_url ||= prompt("Base URL of the API:") ?? undefined;
    wanted["app.jwt_secret"] ||= await readHidden("JWT secret (is not shown): ");
  }
  wanted.supabase_url = wanted.supabase_url?.replace(/\/+$/, "");
  return wanted;
}

async function secretFromStdin(): Promise<string | undefined> {
  if (options["jwt-secret"] === undefined) return undefined;
  if (options["jwt-secret"] !== "-") {
    throw new Error(
      "expected --jwt-secret - and the secret on standard input, found a value on the command line: " +
        "others on this machine can see it, so choose another secret",
    );
  }
  return (await new Response(Deno.stdin.readable).text()).trim();
}

async function readHidden(question: string): Promise<string> {
  await Deno.stdout.write(new TextEncoder().encode(question));
  Deno.stdin.setRaw(true, { cbreak: true });
  let line = "";
  const [bytes, text] = [new Uint8Array(256), new TextDecoder()];
  try {
    while (!/[\r\n]/.test(line)) {
      const count = await Deno.stdin.read(bytes);
      if (count === null) break;
      line += text.decode(bytes.subarray(0, count), { stream: true });
      line = line.replace(/[^\r\n][\x7f\b]|^[\x7f\b]/g, "");
    }
  } finally {
    Deno.stdin.setRaw(false);
    console.log();
  }
  return line.trim();
}

/** What is wrong with the values; empty: nothing. */
async function validate(target: Target, secrets: Secrets): Promise<string[]> {
  const { supabase_url: url, "app.jwt_secret": secret } = secrets;
  const problems: string[] = [];
  if (!url) problems.push("supabase_url is missing: give --supabase-url");
  if (!secret) problems.push("app.jwt_secret is missing: give --jwt-secret - or VAULT_JWT_SECRET");
  const shape = [url ? urlProblem(url) : null, secret ? secretProblem(secret) : null];
  problems.push(...shape.filter((problem) => problem !== null));
  if (problems.length > 0 || !url || !secret) return problems;

  const apiUrl = target.apiUrl ?? (isInternal(url) ? null : url);
  if (!apiUrl) {
    console.log(
      `not checked: this machine cannot reach ${url}; npm run doctor asks the database to`,
    );
    return [];
  }
  const reached = await reach(apiUrl);
  if (reached) return [reached];
  if (!target.apiKey) {
    console.log(
      "not checked: whether Auth accepts the secret; give --api-key (anon or publishable)",
    );
    return [];
  }
  const token = await signProbe(secret, secrets["app.jwt_kid"]);
  const verdict = await askAuth(apiUrl, target.apiKey, token);
  if (verdict?.accepted) return [];
  return [
    `a token signed with app.jwt_secret is refused: ${verdict?.reason ?? "Auth did not answer"}; ` +
    "expected the project's JWT secret (dashboard, Settings, JWT Keys)",
  ];
}

async function reach(apiUrl: string): Promise<string | null> {
  try {
    const response = await fetch(`${apiUrl}/auth/v1/health`, {
      signal: AbortSignal.timeout(10_000),
    });
    await response.body?.cancel();
    return null;
  } catch (error) {
    return `${apiUrl} cannot be reached: ${error instanceof Error ? error.message : error}`;
  }
}

/** Whether the secrets are as they should be now. */
async function main(): Promise<boolean> {
  const target = await findTarget(options);
  const sql = postgres(target.databaseUrl, { max: 1, connect_timeout: 10, onnotice: () => {} });
  try {
    const known = await readSecrets(sql);
    console.log(`${target.name}: ${options.check ? "checking" : "filling"} the Vault`);
    const wanted = options.check ? known : await gather(target, known);
    const problems = await validate(target, wanted);
    problems.forEach((problem) => console.error(`error: ${problem}`));
    if (problems.length > 0) {
      if (!options.check) console.error("nothing was changed");
      return false;
    }
    await sql.begin(async (transaction) => {
      for (const [name, value] of Object.entries(wanted) as [SecretName, string | undefined][]) {
        if (!value) continue;
        const what = options.check ? "is there" : await writeSecret(transaction, name, value);
        console.log(`${name.padEnd(16)} ${what}`);
      }
    });
    return true;
  } finally {
    await sql.end();
  }
}

if (options.help) {
  console.log(HELP);
  Deno.exit(0);
}
try {
  Deno.exit(await main() ? 0 : 1);
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
