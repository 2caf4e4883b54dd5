import { serveJob } from "../_shared/job/mod.ts";
import { alwaysFails } from "./job.ts";

serveJob({
  ...alwaysFails,
  run({ attempt }) {
    throw new Error(
      `this job fails on purpose (try ${attempt.retries + 1} of ${attempt.maxRetries})`,
    );
  },
});
