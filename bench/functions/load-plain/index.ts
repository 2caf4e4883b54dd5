import { workAndTell } from "../_load/tell.ts";

// A function as the article has them: it answers when the work is done.
Deno.serve(async (request) => {
  const job = request.headers.get("X-Correlation-ID") ?? "";
  await workAndTell(await request.json(), job, Number(request.headers.get("X-Job-Attempt")));
  return new Response(null, {
    status: 204,
    headers: { "X-Job": "true", "X-Correlation-ID": job },
  });
});
