import { z } from "npm:zod@4.6.7";
import { defineJob } from "../_shared/job/define_job.ts";

/** A chunk of a CSV file of contacts, and the chunks after it. */
export const importContacts = defineJob({
  name: "import-contacts",
  body: z.object({
    /** Where the file is: a signed URL of Storage, or any URL. */
    url: z.url(),
    /** Where the chunk begins, and the columns that the first chunk named. */
    from: z.int().min(0).default(0),
    columns: z.array(z.string()).optional(),
    chunkBytes: z.int().min(100).max(500_000).default(200_000),
  }),
});
