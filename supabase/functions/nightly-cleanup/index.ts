import { serveJob } from "../_shared/job/mod.ts";
import { nightlyCleanup } from "./job.ts";

const DAY = 24 * 60 * 60 * 1000;
const BATCH = 1_000;

serveJob({
  ...nightlyCleanup,
  async run({ body, admin, signal, progress }) {
    const before = new Date(Date.now() - body.keepDays * DAY).toISOString();
    let pruned = 0;
    while (!signal.aborted) {
      const { data, error } = await admin.rpc("prune_feed_items", {
        _before: before,
        _limit: BATCH,
      });
      if (error) throw new Error(`prune_feed_items was refused: ${error.message}`);
      pruned += data;
      progress({ pruned });
      if (data < BATCH) return { pruned };
    }
    throw signal.reason;
  },
});
