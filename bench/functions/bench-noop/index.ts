import { z } from "npm:zod@4.6.7";
import { serveJob } from "../../../supabase/functions/_shared/job/mod.ts";

// Returns when its first line ran, in milliseconds since 1970.
serveJob({
  name: "bench-noop",
  body: z.unknown(),
  run: () => performance.timeOrigin + performance.now(),
});
