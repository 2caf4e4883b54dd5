import { z } from "npm:zod@4.6.7";
import { defineJob } from "../_shared/job/define_job.ts";

/** One poll of a feed, and the polls after it. */
export const pollFeed = defineJob({
  name: "poll-feed",
  body: z.object({ feedId: z.uuid() }),
});
