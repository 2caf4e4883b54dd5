import { z } from "npm:zod@4.6.7";
import { serveJob } from "../_shared/job/mod.ts";

serveJob({
  name: "always-fails",
  body: z.looseObject({}),
  run({ attempt }) {
    throw new Error(
      `this job fails on purpose (try ${attempt.retries + 1} of ${attempt.maxRetries})`,
    );
  },
});
