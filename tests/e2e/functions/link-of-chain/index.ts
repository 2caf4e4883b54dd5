import type { SupabaseClient } from "npm:@supabase/supabase-js@2.119.1";
import { z } from "npm:zod@4.6.7";
import { serveJob } from "../../../../supabase/functions/_shared/job/mod.ts";

serveJob({
  name: "link-of-chain",
  body: z.object({
    chain: z.int(),
    link: z.int(),
    links: z.int(),
    steps: z.int(),
    stepMs: z.number(),
  }),
  async run({ body, supabase, jobId, step, commit }) {
    // The tables and the function are made by the test: the generated types do not know them.
    const client = supabase as unknown as SupabaseClient;
    const commitAny = commit as (rpc: string, args: object) => Promise<unknown>;
    const must = async (call: PromiseLike<{ error: { message: string } | null }>) => {
      const { error } = await call;
      if (error) throw new Error(error.message);
    };
    for (let number = 1; number <= body.steps; number++) {
      await step(`step ${number}`, async ({ idempotencyKey }) => {
        await must(client.from("step_run").insert({ job_id: jobId, name: `step ${number}` }));
        await new Promise((resolve) => setTimeout(resolve, body.stepMs));
        const effect = { key: idempotencyKey };
        await must(client.from("step_effect").upsert(effect, { ignoreDuplicates: true }));
      });
    }
    return await commitAny("keep_link", { _job_id: jobId, _body: body });
  },
});
