import { z } from "npm:zod@4.6.7";
import { serveJob } from "../../../../supabase/functions/_shared/job/mod.ts";
import { apiUrl, openLedger, pause } from "./ledger.ts";

/** A function with the library that takes its time and keeps the ledger. */
export function serveLibraryJob(name: string): void {
  Deno.env.set("SUPABASE_URL", apiUrl);
  serveJob({
    name,
    body: z.object({ ms: z.number(), commit: z.boolean().optional() }),
    async run({ body, jobId, attempt, commit }) {
      const note = openLedger(jobId, attempt.number);
      await note("began");
      await pause(body.ms);
      await note("ended");
      // The function is the chaos run's own: the generated types do not know it.
      const commitAny = commit as (rpc: string, args: object) => Promise<unknown>;
      if (body.commit) await commitAny("chaos_take_effect", { _job_id: jobId });
    },
  });
}
