/// <reference types="npm:@supabase/functions-js@2.119.1/src/edge-runtime.d.ts" />
import { openLedger, pause, post, readRing } from "../_shared/ledger.ts";

// Accepts, is silent until its lease has run out in its first attempt, and then reports a failure.
Deno.serve(async (request) => {
  const { jobId, attempt, token, echo } = readRing(request);
  const note = openLedger(jobId, attempt);
  const { silentSeconds } = await request.json();
  const fence = { _job_id: jobId, _token: token };
  await post("rpc/start_job", fence);
  await note("began");
  if (attempt > 1) {
    await note("ended");
    await post("rpc/finish_job", { ...fence, _outcome: "completed" });
    return new Response(null, { status: 202, headers: echo });
  }
  const late = pause(silentSeconds * 1000)
    .then(() => post("rpc/finish_job", { ...fence, _outcome: "failed", _error: "too late" }));
  EdgeRuntime.waitUntil(late);
  return new Response(null, { status: 202, headers: echo });
});
