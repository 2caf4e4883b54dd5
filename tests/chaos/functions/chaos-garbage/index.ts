import { note, readRing } from "../_shared/ledger.ts";

type Echo = Record<string, string>;

/** Answers that no function should give; the body's `variant` chooses one. */
const answers: ((echo: Echo) => Response)[] = [
  (echo) => answer(200, { ...echo, "X-Correlation-ID": crypto.randomUUID() }),
  (echo) => answer(200, { ...echo, "X-Correlation-ID": "no uuid'; drop table job; --" }),
  (echo) => answer(200, { ...echo, "X-Job": "" }),
  (echo) => answer(500, { ...echo, "Retry-After": "1e400" }),
  (echo) => answer(429, { ...echo, "Retry-After": "99999999999999999999999999" }),
  (echo) => answer(503, { ...echo, "Retry-After": "infinity" }),
  (echo) => answer(500, { ...echo, "X-Job-Retry": "\u00ff\u00fe" }),
  (echo) => answer(299, echo, "neither completed nor accepted"),
  (echo) => answer(200, echo, '{"unfinished": '),
  (echo) => answer(200, echo, '"\\u0000"'),
  (echo) => answer(200, echo, JSON.stringify("x".repeat(300_000))),
  (echo) => answer(500, echo, "a NUL \u0000 in the text"),
  (echo) => answer(500, echo, Uint8Array.from([0xff, 0xfe, 0x00, 0xc3, 0x28])),
  (echo) => answer(200, echo, "[".repeat(20_000)),
];

Deno.serve(async (request) => {
  const { jobId, attempt, echo } = readRing(request);
  const { variant } = await request.json();
  await note(jobId, attempt, "began");
  await note(jobId, attempt, "ended");
  return answers[variant % answers.length]!(echo);
});

function answer(status: number, headers: Echo, body: BodyInit | null = null): Response {
  return new Response(body, { status, headers });
}
