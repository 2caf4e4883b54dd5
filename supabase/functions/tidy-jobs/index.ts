import { serveJob } from "../_shared/job/mod.ts";
import { tidyJobs } from "./job.ts";
import { judge } from "./judge.ts";

serveJob({
  ...tidyJobs,
  async run({ body, supabase, step, sleep, progress, log }) {
    const failed = await step("look", async () => {
      const { data, error } = await supabase
        .from("job").select("id, job_name, last_error").eq("state", "failed").limit(50);
      if (error) throw new Error(`your jobs could not be read: ${error.message}`);
      return data;
    });

    const retried: string[] = [];
    for (const [index, job] of failed.entries()) {
      const verdict = judge(job);
      log.info(`${job.job_name} ${job.id}: ${verdict.why}`);
      if (verdict.retry) {
        await step(`retry ${job.id}`, async () => {
          const { error } = await supabase.rpc("retry_job", { _job_id: job.id });
          if (error) log.warn(`${job.id} was not retried: ${error.message}`);
        });
        retried.push(job.id);
      }
      progress({ judged: index + 1, of: failed.length });
    }
    if (retried.length === 0) return { failed: failed.length, retried: 0, completed: 0 };

    await sleep("let them run", body.waitSeconds);

    const completed = await step("look again", async () => {
      const { data, error } = await supabase
        .from("job").select("id").in("id", retried).eq("state", "completed");
      if (error) throw new Error(`your jobs could not be read: ${error.message}`);
      return data.length;
    });
    return { failed: failed.length, retried: retried.length, completed };
  },
});
