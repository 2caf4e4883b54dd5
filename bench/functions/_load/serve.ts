import { z } from "npm:zod@4.6.7";
import { serveJob } from "../../../supabase/functions/_shared/job/mod.ts";
import { workAndTell } from "./tell.ts";

/** A job of `npm run bench load`: works as long as its body says, and tells the ledger. */
export function serveLoad(name: string): void {
  serveJob({
    name,
    body: z.object({ milliseconds: z.number(), ledger: z.url() }),
    run: async ({ body, attempt, jobId }) => {
      await workAndTell(body, jobId, attempt.number);
      return null;
    },
  });
}
