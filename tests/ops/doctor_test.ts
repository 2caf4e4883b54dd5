// Set-up faults made on purpose: doctor names exactly that one, and what it advises mends it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { allChecks } from "../../scripts/doctor/all.ts";
import { type Outcome, type Remedy, runChecks } from "../../scripts/doctor/check.ts";
import { readSecrets } from "../../scripts/support/vault.ts";
import { pushMigrations } from "../../stack/migrate.ts";
import { runScript } from "./support/script.ts";
import { edit, type Spoilable, withSpoilableProject } from "./support/project.ts";

interface Fault {
  name: string;
  /** Makes the fault; may return how to follow an advice that is no SQL and no npm run vault. */
  make(given: Spoilable): Promise<(() => Promise<unknown>) | void>;
  /** The check that has to name it, and how. */
  check: string;
  problem: RegExp;
  remedy: RegExp;
}

const faults: Fault[] = [
  {
    name: "a migration is not applied",
    async make({ projectDir, stack }) {
      const path = join(projectDir, "supabase/migrations/20991231000000_new.sql");
      await Deno.writeTextFile(path, "create table private.is_new ();\n");
      return () => pushMigrations(stack.dbUrl, projectDir);
    },
    check: "migrations",
    problem: /20991231000000_new\.sql/,
    remedy: /supabase db push/,
  },
  {
    name: "users may not queue",
    make: run("revoke execute on function public.queue_job from authenticated"),
    check: "grants",
    problem: /authenticated may not call queue_job/,
    remedy: /grant execute on function .*queue_job.* to authenticated/,
  },
  {
    name: "users may report for functions",
    make: run("grant execute on function public.finish_job to authenticated"),
    check: "grants",
    problem: /authenticated may call finish_job/,
    remedy: /revoke execute on function .*finish_job/,
  },
  {
    name: "schema private is open",
    make: run("grant usage on schema private to authenticated"),
    check: "private schema",
    problem: /authenticated may use schema private/,
    remedy: /revoke all on schema private/,
  },
  {
    name: "config.toml exposes schema private",
    make: ({ projectDir }) =>
      config(projectDir, '"graphql_public"]', '"graphql_public", "private"]'),
    check: "exposed schemas",
    problem: /exposes schema private/,
    remedy: /remove private/,
  },
  {
    name: "row level security is off",
    make: run("alter table public.job_logs disable row level security"),
    check: "row level security",
    problem: /job_logs/,
    remedy: /alter table public\.job_logs enable row level security/,
  },
  {
    name: "the ring at commit is switched off",
    make: run("alter table public.job disable trigger job_ring_at_commit"),
    check: "triggers",
    problem: /job_ring_at_commit/,
    remedy: /enable trigger job_ring_at_commit/,
  },
  {
    name: "the Vault has no supabase_url",
    make: run("delete from vault.secrets where name = 'supabase_url'"),
    check: "vault",
    problem: /missing: supabase_url/,
    remedy: /npm run vault/,
  },
  {
    name: "the Vault has no JWT secret",
    make: run("delete from vault.secrets where name = 'app.jwt_secret'"),
    check: "vault",
    problem: /missing: app\.jwt_secret/,
    remedy: /npm run vault/,
  },
  {
    name: "supabase_url has a path",
    make: ({ stack, ...given }) =>
      setSecret("supabase_url", `${stack.apiUrl}/rest/v1`)({ stack, ...given }),
    check: "vault",
    problem: /more than a base URL/,
    remedy: /npm run vault/,
  },
  {
    name: "the JWT secret is a key",
    make: ({ stack, ...given }) => setSecret("app.jwt_secret", stack.anonKey)({ stack, ...given }),
    check: "vault",
    problem: /is a token/,
    remedy: /npm run vault/,
  },
  {
    name: "pg_net's worker does not run",
    make: ({ stack }) => {
      stack.processes.net!.setAutoRestart(false);
      stack.processes.net!.kill("SIGKILL");
      return Promise.resolve(async () => {
        stack.processes.net!.setAutoRestart(true);
        await stack.processes.net!.restart();
      });
    },
    check: "pg_net",
    problem: /took no request/,
    remedy: /net\.worker_restart\(\)/,
  },
  {
    name: "nothing listens at supabase_url",
    make: setSecret("supabase_url", "http://127.0.0.1:9"),
    check: "supabase_url",
    problem: /does not reach http:\/\/127\.0\.0\.1:9/,
    remedy: /npm run vault -- --supabase-url/,
  },
  {
    name: "the JWT secret is another project's",
    make: setSecret("app.jwt_secret", "another project's secret, forty characters"),
    check: "token",
    problem: /bad_jwt/,
    remedy: /npm run vault -- --jwt-secret/,
  },
  {
    name: "a schedule is missing",
    make: run("select cron.unschedule('process-jobs')"),
    check: "schedules",
    problem: /process-jobs is missing/,
    remedy: /cron\.schedule\('process-jobs', '3 seconds'/,
  },
  {
    name: "a schedule is switched off",
    make: run(
      "select cron.alter_job(jobid, active := false) from cron.job where jobname = 'run-jobs'",
    ),
    check: "schedules",
    problem: /run-jobs is switched off/,
    remedy: /active := true/,
  },
  {
    name: "a schedule does something else",
    make: run("select cron.schedule('reset-stuck-jobs', '15 seconds', 'select 1')"),
    check: "schedules",
    problem: /reset-stuck-jobs runs "select 1"/,
    remedy: /private\.reset_stuck_jobs\(\)/,
  },
  {
    name: "pg_cron's scheduler does not run",
    async make({ stack, sql }) {
      stack.processes.cron!.setAutoRestart(false);
      stack.processes.cron!.kill("SIGKILL");
      await sql`update private.dispatcher set last_run_at = now() - interval '10 minutes'`;
      return async () => {
        stack.processes.cron!.setAutoRestart(true);
        await stack.processes.cron!.restart();
        await until(async () =>
          (await sql`select from private.dispatcher where last_run_at > now() - interval '9 minutes'`)
            .length === 1
        );
      };
    },
    check: "pg_cron",
    problem: /last ran 6\d\d s ago/,
    remedy: /Restart project/,
  },
  {
    name: "functions end with their answer",
    make: ({ projectDir }) => config(projectDir, 'policy = "per_worker"', 'policy = "oneshot"'),
    check: "runtime policy",
    problem: /oneshot/,
    remedy: /per_worker/,
  },
  {
    name: "a function is not deployed",
    async make({ projectDir }) {
      const folder = join(projectDir, "supabase/functions");
      await Deno.rename(join(folder, "nightly-cleanup"), join(folder, "..", "not-deployed"));
      return () => Deno.rename(join(folder, "..", "not-deployed"), join(folder, "nightly-cleanup"));
    },
    check: "functions",
    problem: /^no function named nightly-cleanup is deployed$/,
    remedy: /supabase functions deploy nightly-cleanup/,
  },
  {
    name: "a function does not start",
    make: ({ projectDir }) =>
      edit(
        join(projectDir, "supabase/functions/tidy-jobs/index.ts"),
        (text) => `throw 1;\n${text}`,
      ),
    check: "functions",
    problem: /^tidy-jobs does not start[^;]*$/,
    remedy: /npm run logs tidy-jobs/,
  },
  {
    name: "a function takes any call for a ring",
    make: ({ projectDir }) =>
      edit(
        join(projectDir, "supabase/functions/index-document/index.ts"),
        () => "Deno.serve(() => new Response(null, { status: 204 }));\n",
      ),
    check: "functions",
    problem: /^index-document answers 204 to a call without X-Job/,
    remedy: /refuse it as .*example-job/,
  },
  {
    name: "a name is paused while jobs of it wait",
    async make({ sql }) {
      await sql`update public.job_config set enabled = false where job_name = 'nightly-cleanup'`;
      await sql`select private.queue_job_for_user(null, 'nightly-cleanup')`;
    },
    check: "paused names",
    problem: /nightly-cleanup/,
    remedy: /set enabled = true/,
  },
];

function run(statement: string): Fault["make"] {
  return async ({ sql }) => void await sql.unsafe(statement);
}

function setSecret(name: string, value: string): Fault["make"] {
  return async ({ sql }) =>
    void await sql`select vault.update_secret(id, ${value}) from vault.secrets where name = ${name}`;
}

function config(projectDir: string, before: string, after: string) {
  return edit(join(projectDir, "supabase/config.toml"), (text) => text.replace(before, after));
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 150 && !await done(); i++) await new Promise((go) => setTimeout(go, 100));
}

async function diagnose(
  { sql, stack, projectDir }: Spoilable,
  checks = allChecks,
): Promise<Outcome[]> {
  return await runChecks(checks, {
    sql,
    projectDir,
    apiUrl: stack.apiUrl,
    apiKey: stack.anonKey,
    secrets: await readSecrets(sql),
  }, () => {});
}

const broken = (outcomes: Outcome[]) => outcomes.filter((outcome) => "problem" in outcome);
const text = (remedy: Remedy) => Object.values(remedy).join();

/** Does what the advice says. */
async function follow(given: Spoilable, remedy: Remedy, byHand?: () => Promise<unknown>) {
  if ("sql" in remedy) await given.sql.unsafe(remedy.sql);
  else if ("command" in remedy && remedy.command.startsWith("npm run vault")) {
    const { success, output } = await fillVault(given);
    assert.ok(success, output);
  } else {
    assert.ok(byHand, `who follows "${text(remedy)}"?`);
    await byHand();
  }
}

async function fillVault({ stack }: Spoilable): Promise<{ success: boolean; output: string }> {
  return await runScript("vault.ts", [
    `--database-url=${stack.dbUrl}`,
    `--supabase-url=${stack.apiUrl}`,
    `--api-key=${stack.anonKey}`,
    "--jwt-secret=-",
  ], stack.jwtSecret);
}

Deno.test("doctor", { sanitizeOps: false, sanitizeResources: false }, async (t) => {
  await withSpoilableProject(async (given) => {
    await t.step("finds nothing broken in a fresh project, and ends with 0", async () => {
      const { stack, projectDir } = given;
      const target = [`--database-url=${stack.dbUrl}`, `--api-key=${stack.anonKey}`];
      const { code, stdout, output } = await runScript("doctor.ts", [
        ...target,
        `--project=${projectDir}`,
        "--json",
      ]);
      assert.equal(code, 0, output);
      const { outcomes } = JSON.parse(stdout) as { outcomes: Outcome[] };
      assert.deepEqual(outcomes.filter((outcome) => !("ok" in outcome)), []);
      assert.deepEqual(outcomes.map((outcome) => outcome.name), allChecks.map(({ name }) => name));
    });

    for (const fault of faults) {
      await t.step(`${fault.name}: named, and mended by what it advises`, async () => {
        const byHand = await fault.make(given);
        const found = broken(await diagnose(given));
        assert.deepEqual(found.map(({ name }) => name), [fault.check], JSON.stringify(found));
        const [outcome] = found;
        assert.ok(outcome && "problem" in outcome);
        assert.match(outcome.problem, fault.problem);
        assert.match(text(outcome.remedy), fault.remedy);
        await follow(given, outcome.remedy, byHand ?? undefined);
        const again = allChecks.filter(({ name }) => name === fault.check);
        assert.deepEqual(broken(await diagnose(given, again)), []);
      });
    }

    await t.step("after all of them nothing is broken", async () => {
      assert.deepEqual(broken(await diagnose(given)), []);
    });

    await t.step("with a fault it ends with 1, and names it with its remedy", async () => {
      const { stack, sql } = given;
      await sql`alter table public.job disable trigger job_ring_at_commit`;
      const { code, output } = await runScript("doctor.ts", [`--database-url=${stack.dbUrl}`]);
      await sql`alter table public.job enable trigger job_ring_at_commit`;
      assert.equal(code, 1, output);
      assert.match(output, /BROKEN +triggers +disabled: job_ring_at_commit/);
      assert.match(output, /run this SQL:\n +alter table public.job enable trigger/);
      assert.match(output, /\? +token +not looked at: give --api-key/);
    });

    await t.step("without a database it ends with 2", async () => {
      const { code, output } = await runScript("doctor.ts", [
        "--database-url=postgresql://postgres:postgres@127.0.0.1:9/postgres",
      ]);
      assert.equal(code, 2);
      assert.match(output, /error: .*ECONNREFUSED/);
    });
  });
});
