import { serveJob } from "../_shared/job/mod.ts";
import { sendDigest } from "./job.ts";

serveJob({
  ...sendDigest,
  async run({ body, supabase, log }) {
    const from = `${body.day}T00:00:00Z`;
    const until = new Date(Date.parse(from) + 24 * 60 * 60 * 1000).toISOString();
    const { data, error } = await supabase
      .from("job").select("state").gte("created_at", from).lt("created_at", until);
    if (error) throw new Error(`your jobs could not be read: ${error.message}`);

    const counts: Record<string, number> = {};
    for (const { state } of data) counts[state] = (counts[state] ?? 0) + 1;
    log.info(`digest of ${body.day}: ${data.length} jobs`, counts);
    return { day: body.day, jobs: data.length, counts };
  },
});
