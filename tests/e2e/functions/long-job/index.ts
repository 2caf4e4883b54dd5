import type { SupabaseClient } from "npm:@supabase/supabase-js@2.119.1";
import { z } from "npm:zod@4.6.7";
import { serveJob } from "../../../../supabase/functions/_shared/job/mod.ts";

serveJob({
  name: "long-job",
  body: z.object({ steps: z.int(), stepSeconds: z.number() }),
  async run({ body, supabase, step, progress }) {
    // The table is made by the test: the generated types do not know it.
    const client = supabase as unknown as SupabaseClient;
    for (let number = 1; number <= body.steps; number++) {
      await step(`step ${number}`, async () => {
        await new Promise((resolve) => setTimeout(resolve, body.stepSeconds * 1000));
        const { error } = await client.from("step_run").insert({ number });
        if (error) throw new Error(error.message);
      });
      progress({ done: number, of: body.steps });
    }
    return "done";
  },
});
