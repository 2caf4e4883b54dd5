// What a transaction that stays open may cost: nothing that has died since can be removed.
import assert from "node:assert/strict";
import { finish, type Held, withWorld } from "./support.ts";

const JOBS = 400;

Deno.test("under an old snapshot a claim does not read the attempts of others", async () => {
  await withWorld(async (world) => {
    const { admin, users } = world;
    const name = world.name("old");
    const reader = world.connect();
    const worker = world.connect();
    const [last, ...busy] = users;
    await admin`insert into public.job_config (job_name, enabled) values (${name}, false)`;
    await admin`insert into public.job (user_id, job_name)
      select (${busy}::uuid[])[1 + n % ${busy.length}], ${name} from generate_series(1, ${JOBS}) n`;
    await admin`update public.job_config set enabled = true where job_name = ${name}`;

    await reader.begin("isolation level repeatable read", async (snapshot) => {
      await snapshot`select count(*) from public.job`;
      const [first] = await worker`select public.next_job(${name}) as answer`;
      let done = 0;
      for (let job: Held | null | undefined = first!.answer.next; job; done++) {
        job = (await finish(worker, job)).next;
      }
      assert.equal(done, JOBS);
      // In a quiet moment: as far as the planner knows, no attempt is ever live.
      await admin`analyze private.job_attempt`;
      await admin`update public.job_config set enabled = false where job_name = ${name}`;
      await admin`insert into public.job (user_id, job_name) values (${last!}, ${name})`;
      await admin`update public.job_config set enabled = true where job_name = ${name}`;

      // As next_job and finish_job plan it, without their look for a lane.
      const claimer = world.connect();
      await claimer`set plan_cache_mode = force_generic_plan`;
      for (const kind of ["seqscan", "hashjoin", "mergejoin"]) {
        await claimer.unsafe(`set enable_${kind} = off`);
      }
      const claim = (lane: string) =>
        claimer`
          explain (analyze, buffers, format json)
          select private.claim_one(private.job_config_of(${name}), ${lane}, gen_random_uuid())`;
      await claim(crypto.randomUUID()); // plans, and reads the catalog
      const [row] = await claim(last!);
      const { Plan: plan } = row!["QUERY PLAN"][0];
      const [claimed] = await admin`
        select state from public.job where job_name = ${name} and user_id = ${last!}`;
      assert.equal(claimed!.state, "running");
      const blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
      assert.ok(blocks < 200, `the claim read ${blocks} blocks beside ${JOBS} dead attempts`);
    });
  });
});
