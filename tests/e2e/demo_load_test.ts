// npm run demo:load: what it makes can be seen, and it does not go where it should not.
import { deepStrictEqual as equal, ok } from "node:assert";
import postgres from "postgres";
import { run } from "../../scripts/support/command.ts";

async function demoLoad(...options: string[]) {
  return await run(Deno.execPath(), ["run", "-A", "scripts/demo-load.ts", ...options]);
}

Deno.test("the demo load makes users, an operator and jobs in every state", async () => {
  const databaseUrl = Deno.env.get("TEST_DATABASE_URL")!;
  const api = [
    `--api-url=${Deno.env.get("TEST_API_URL")}`,
    `--api-key=${Deno.env.get("TEST_ANON_KEY")}`,
  ];
  const made = await demoLoad(`--database-url=${databaseUrl}`, ...api, "--jobs=60", "--seed=7");
  ok(made.success, made.stderr);
  const sql = postgres(databaseUrl, { max: 1 });
  try {
    const operators = await sql`
      select email from auth.users where raw_app_meta_data ->> 'job_role' = 'operator' and email like '%@example.com'`;
    equal(operators.map((row) => row.email), ["operator@example.com"]);
    const [seen] = await sql`
      select count(*) filter (where j.state = 'completed' and j.request_body = '{"demo": true}') > 30 as ended,
        bool_or(j.state = 'failed') as failed, bool_or(j.state = 'canceled') as canceled,
        bool_or(j.state = 'pending' and j.next_run_at > now()) as delayed,
        bool_or(j.state = 'pending' and j.job_name = 'demo-paused') as paused
      from public.job j join auth.users u on u.id = j.user_id where u.email like '%@example.com'`;
    equal(seen, { ended: true, failed: true, canceled: true, delayed: true, paused: true });
    const [flow] = await sql`select sum(completed)::integer as completed from private.job_flow`;
    ok(flow!.completed > 30, "the flow is counted");
  } finally {
    await sql.end();
  }
});

Deno.test("the demo load refuses a project that is not on this machine", async () => {
  const refused = await demoLoad(
    "--database-url=postgresql://postgres@db.example.com/postgres",
    "--api-url=https://example.com",
    "--api-key=key",
  );
  equal(refused.success, false);
  ok(refused.stderr.includes("say --yes if you mean it"), refused.stderr);
});
