import { openLedger, readRing } from "../_shared/ledger.ts";

// Begins, and never answers.
Deno.serve(async (request) => {
  const { jobId, attempt } = readRing(request);
  const note = openLedger(jobId, attempt);
  await note("began");
  return await new Promise<Response>(() => {});
});
