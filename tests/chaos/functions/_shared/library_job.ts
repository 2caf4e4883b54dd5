import { z } from "npm:zod@4.6.7";
import { serveJob } from "../../../../supabase/functions/_shared/job/mod.ts";
import { apiUrl, note, pause } from "./ledger.ts";

/** A function with the library that takes its time and keeps the ledger. */
export function serveLibraryJob(name: string): void {
  Deno.env.set("SUPABASE_URL", apiUrl);
  serveJob({
    name,
    body: z.object({ ms: z.number(), commit: z.boolean().optional() }),
    async run({ body, jobId, attempt, commit }) {
      await note(jobId, attempt.number, "began");
      await pause(body.ms);
      await note(jobId, attempt.number, "ended");
      if (body.commit) await commit("chaos_take_effect", { _job_id: jobId });
    },
  });
}
