import { note, pause, post, readRing } from "../_shared/ledger.ts";

// Says twice, and differently, how one attempt ended: by its answer and by the runtime API.
Deno.serve(async (request) => {
  const { jobId, attempt, token, echo } = readRing(request);
  const { variant } = await request.json();
  const fence = { _job_id: jobId, _token: token };
  const finish = (outcome: string) =>
    post("rpc/finish_job", { ...fence, _outcome: outcome }).catch((error) => console.error(error));

  if (variant % 3 !== 2) await post("rpc/start_job", fence);
  await note(jobId, attempt, "began");
  await note(jobId, attempt, "ended");
  if (variant % 3 === 0) {
    await Promise.all(["completed", "failed", "completed", "canceled"].map(finish));
  } else {
    const late = pause(300).then(() => Promise.all(["failed", "completed"].map(finish)));
    if (variant % 3 === 1) {
      await finish("completed");
      await late;
    }
  }
  return new Response(null, { status: 200, headers: echo });
});
