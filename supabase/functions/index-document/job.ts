import { z } from "npm:zod@4.6.7";
import { defineJob } from "../_shared/job/define_job.ts";

/** The index of one document. */
export const indexDocument = defineJob({
  name: "index-document",
  body: z.object({ documentId: z.uuid() }),
});
