const now = () => performance.timeOrigin + performance.now();

/** Works for the time the body says, then tells the ledger from when to when it did. */
export async function workAndTell(
  body: { milliseconds: number; ledger: string },
  job: string,
  attempt: number,
): Promise<void> {
  const startedAt = now();
  await new Promise((resolve) => setTimeout(resolve, body.milliseconds));
  const run = { job, attempt, startedAt, endedAt: now() };
  const response = await fetch(body.ledger, { method: "POST", body: JSON.stringify(run) });
  await response.body?.cancel();
}
