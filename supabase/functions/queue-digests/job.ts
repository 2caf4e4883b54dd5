import { z } from "npm:zod@4.6.7";
import { defineJob } from "../_shared/job/define_job.ts";

/** A send-digest job for each subscriber. */
export const queueDigests = defineJob({
  name: "queue-digests",
  body: z.object({ day: z.iso.date() }),
});
