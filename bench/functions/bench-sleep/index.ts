import { z } from "npm:zod@4.6.7";
import { serveJob } from "../../../supabase/functions/_shared/job/mod.ts";

serveJob({
  name: "bench-sleep",
  body: z.object({ milliseconds: z.number() }),
  run: async ({ body }) => {
    await new Promise((resolve) => setTimeout(resolve, body.milliseconds));
    return null;
  },
});
