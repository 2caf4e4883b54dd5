import { z } from "npm:zod@4.6.7";
import { defineJob } from "../_shared/job/define_job.ts";

/** A digest of one user's day. Shared with whoever queues it. */
export const sendDigest = defineJob({
  name: "send-digest",
  body: z.object({ day: z.iso.date() }),
});
