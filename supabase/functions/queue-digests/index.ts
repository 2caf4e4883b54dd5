import { queueJobs, serveJob } from "../_shared/job/mod.ts";
import { sendDigest } from "../send-digest/job.ts";
import { queueDigests } from "./job.ts";

/** Users per statement. */
const PAGE = 500;

serveJob({
  ...queueDigests,
  async run({ body, admin, step, progress }) {
    let queued = 0;
    let after = "00000000-0000-0000-0000-000000000000";
    while (true) {
      const page = await step(`after ${after}`, async () => {
        const { data, error } = await admin.from("digest_subscription")
          .select("user_id").gt("user_id", after).order("user_id").limit(PAGE);
        if (error) throw new Error(`the subscribers could not be read: ${error.message}`);
        const users = data.map((row) => row.user_id);
        await queueJobs(
          admin,
          sendDigest,
          users.map((userId) => ({ userId, body, uniqueKey: body.day })),
        );
        return { count: users.length, last: users.at(-1) ?? after };
      });
      queued += page.count;
      progress({ queued });
      if (page.count < PAGE) return { queued };
      after = page.last;
    }
  },
});
