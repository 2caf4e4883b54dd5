import { z } from "npm:zod@4.6.7";
import { defineJob } from "../_shared/job/define_job.ts";

/** What is older than some days goes. */
export const nightlyCleanup = defineJob({
  name: "nightly-cleanup",
  body: z.object({ keepDays: z.int().min(1).default(90) }),
});
