// The library's calls against the real engine, when the first answer to each is lost on the way.
import assert from "node:assert/strict";
import { createRuntimeApi, type Job } from "../../supabase/functions/_shared/job/runtime_api.ts";
import { openDatabase, projectUnderTest } from "./support/project.ts";

const project = projectUnderTest();
const userId = crypto.randomUUID();
const NAME = "lost-answers";

/** A way to the API on which the first answer to each of these functions is lost. */
function startLossyWay(names: string[]) {
  const lost: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const answer = await fetch(project.apiUrl + pathname, {
      method: request.method,
      headers: request.headers,
      body: await request.text(),
    });
    const name = pathname.split("/").at(-1)!;
    if (!names.includes(name) || lost.includes(name)) return answer;
    lost.push(name);
    await answer.body?.cancel();
    return new Response("lost", { status: 504 });
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, lost, stop: () => server.shutdown() };
}

Deno.test("a job whose hand-over and commit were answered in vain is done once, at the first try", async () => {
  const { sql, close } = openDatabase(project);
  const way = startLossyWay(["next_job", "commit_job"]);
  const api = createRuntimeApi({
    url: way.url,
    anonKey: project.anonKey,
    serviceKey: Deno.env.get("TEST_SERVICE_ROLE_KEY")!,
    wallClockSeconds: 150,
  });
  const patience = () => ({ until: Date.now() + 10_000 });
  try {
    await sql`insert into auth.users (id, email) values (${userId}, 'lost@example.com')`;
    await sql`insert into public.job_config (job_name, linger_seconds) values (${NAME}, 60)`;

    // A tick may ring a job (which no function answers) before it is handed over: then another one.
    let job: Job | null = null;
    let queued = 0;
    while (!job && queued < 10) {
      queued++;
      await sql`insert into private.job_linger values (${NAME}, now() + interval '1 minute')
        on conflict (job_name) do update set expires_at = excluded.expires_at`;
      await sql`select private.queue_job_for_user(${userId}, ${NAME})`;
      job = (await api.next(NAME, 0, patience())).next;
    }
    assert.ok(job, "a job is handed over");
    assert.equal(job.attempt, 1);
    const committed = await api.commit(job, "queue_job", { _job_name: NAME }, patience());
    assert.equal(committed.status, "ok");
    assert.deepEqual(way.lost, ["next_job", "commit_job"]);

    const [done] = await sql`
      select state, attempt, retries, result from public.job where id = ${job.id}`;
    assert.deepEqual({ ...done }, {
      state: "completed",
      attempt: 1,
      retries: 0,
      result: committed.result,
    });
    const [all] = await sql`select count(*)::int from public.job where user_id = ${userId}`;
    assert.equal(all!.count, queued + 1, "the commit has queued one job");
  } finally {
    await sql`delete from public.job_config where job_name = ${NAME}`;
    await sql`delete from auth.users where id = ${userId}`;
    await way.stop();
    await close();
  }
});
