// npm run vault on a running stack: what it writes, what it refuses, and that it never prints a secret.
import assert from "node:assert/strict";
import { readSecrets } from "../../scripts/support/vault.ts";
import { runScript } from "./support/script.ts";
import { type Spoilable, withSpoilableProject } from "./support/project.ts";

const ANOTHER = "another project's secret, forty characters";

async function vault({ stack }: Spoilable, args: string[], input = "") {
  return await runScript("vault.ts", [`--database-url=${stack.dbUrl}`, ...args], input);
}

Deno.test("vault", { sanitizeOps: false, sanitizeResources: false }, async (t) => {
  await withSpoilableProject(async (given) => {
    const { sql, stack } = given;
    const full = [`--supabase-url=${stack.apiUrl}`, `--api-key=${stack.anonKey}`, "--jwt-secret=-"];
    const inVault = () => readSecrets(sql);
    const before = await inVault();

    await t.step("fills an empty Vault, and does not print the secret", async () => {
      await sql`delete from vault.secrets`;
      const { code, output } = await vault(given, full, `${stack.jwtSecret}\n`);
      assert.equal(code, 0, output);
      assert.match(output, /supabase_url +made\napp\.jwt_secret +made/);
      assert.ok(!output.includes(stack.jwtSecret));
      assert.deepEqual(await inVault(), before);
    });

    await t.step("says that nothing changed when it runs again", async () => {
      const { output } = await vault(given, full, stack.jwtSecret);
      assert.match(output, /supabase_url +unchanged\napp\.jwt_secret +unchanged/);
    });

    await t.step("changes a value, and takes the others from the Vault", async () => {
      const { code, output } = await vault(given, [
        "--jwt-kid=key-1",
        `--api-key=${stack.anonKey}`,
      ]);
      assert.equal(code, 0, output);
      assert.deepEqual(await inVault(), { ...before, "app.jwt_kid": "key-1" });
      await sql`delete from vault.secrets where name = 'app.jwt_kid'`;
    });

    const refused: [string, string[], string, RegExp][] = [
      ["a secret that Auth refuses", full, ANOTHER, /bad_jwt/],
      ["a short secret", full, "short", /has 5 characters, expected at least 32/],
      ["a key instead of the secret", full, stack.serviceRoleKey, /is a token/],
      ["a URL without a scheme", ["--supabase-url=localhost:54321"], "", /expected one like https/],
      ["a URL with a path", [`--supabase-url=${stack.apiUrl}/rest/v1`], "", /more than a base URL/],
      [
        "a URL where nothing listens",
        ["--supabase-url=http://127.0.0.1:9"],
        "",
        /cannot be reached/,
      ],
      ["a secret on the command line", [`--jwt-secret=${ANOTHER}`], "", /expected --jwt-secret -/],
    ];
    for (const [name, args, input, reason] of refused) {
      await t.step(`refuses ${name}, and changes nothing`, async () => {
        const { code, output } = await vault(given, args, input);
        assert.equal(code, 1);
        assert.match(output, reason);
        assert.ok(!output.includes(ANOTHER) && !output.includes(stack.serviceRoleKey), output);
        assert.deepEqual(await inVault(), before);
      });
    }

    await t.step("--check names what is missing and changes nothing", async () => {
      await sql`delete from vault.secrets where name = 'app.jwt_secret'`;
      const { code, output } = await vault(given, [...full, "--check"], stack.jwtSecret);
      assert.equal(code, 1);
      assert.match(output, /app\.jwt_secret is missing/);
      assert.deepEqual(await inVault(), { supabase_url: before.supabase_url });
    });
  });
});
