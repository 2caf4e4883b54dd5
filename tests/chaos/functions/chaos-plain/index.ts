import { note, pause, readRing } from "../_shared/ledger.ts";

// The plain protocol: the answer comes when the work is done.
Deno.serve(async (request) => {
  const { jobId, attempt, echo } = readRing(request);
  const { ms } = await request.json();
  await note(jobId, attempt, "began");
  await pause(ms);
  await note(jobId, attempt, "ended");
  return new Response(null, { status: 204, headers: echo });
});
