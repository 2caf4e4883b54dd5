import { openLedger, pause, readRing } from "../_shared/ledger.ts";

// The plain protocol: the answer comes when the work is done.
Deno.serve(async (request) => {
  const { jobId, attempt, echo } = readRing(request);
  const note = openLedger(jobId, attempt);
  const { ms } = await request.json();
  await note("began");
  await pause(ms);
  await note("ended");
  return new Response(null, { status: 204, headers: echo });
});
