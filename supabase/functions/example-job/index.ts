import { createClient } from "npm:@supabase/supabase-js@2.119.1";

// The protocol by hand, without the library: the answer's status says how the job went.
Deno.serve(async (request) => {
  const job = request.headers.get("X-Job");
  const jobId = request.headers.get("X-Correlation-ID");
  if (!job || !jobId) {
    const missing = job ? "X-Correlation-ID" : "X-Job";
    return Response.json({ error: `the header ${missing} is missing` }, { status: 400 });
  }
  const headers = { "X-Job": job, "X-Correlation-ID": jobId };

  const authorization = request.headers.get("Authorization") ?? "";
  const supabase = createClient(env("SUPABASE_URL"), env("SUPABASE_ANON_KEY"), {
    global: { headers: { Authorization: authorization } },
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { data: { user } } = await supabase.auth.getUser(authorization.replace("Bearer ", ""));
  if (!user) {
    return Response.json({ error: "a user's token is needed" }, { status: 401, headers });
  }

  try {
    const body = await request.json();
    const { error } = await supabase.rpc("log_job", {
      _job_id: jobId,
      _log_message: `example-job ran with ${JSON.stringify(body)}`,
    });
    if (error) throw new Error(`log_job was refused: ${error.message}`);
    return new Response(null, { status: 204, headers });
  } catch (error) {
    return Response.json({ error: (error as Error).message }, { status: 500, headers });
  }
});

function env(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is not set: Supabase sets it for every Edge Function`);
  return value;
}
