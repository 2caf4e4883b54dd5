import { z } from "npm:zod@4.6.7";
import { defineJob } from "../_shared/job/define_job.ts";

/** Fails on purpose, whatever it is told. */
export const alwaysFails = defineJob({
  name: "always-fails",
  body: z.looseObject({}),
});
