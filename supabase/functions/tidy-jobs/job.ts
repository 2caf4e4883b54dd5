import { z } from "npm:zod@4.6.7";
import { defineJob } from "../_shared/job/define_job.ts";

/** A look after its user's failed jobs. */
export const tidyJobs = defineJob({
  name: "tidy-jobs",
  body: z.object({ waitSeconds: z.number().min(0).max(86_400).default(60) }),
});
