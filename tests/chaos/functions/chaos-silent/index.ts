import { note, readRing } from "../_shared/ledger.ts";

// Begins, and never answers.
Deno.serve(async (request) => {
  const { jobId, attempt } = readRing(request);
  await note(jobId, attempt, "began");
  return await new Promise<Response>(() => {});
});
