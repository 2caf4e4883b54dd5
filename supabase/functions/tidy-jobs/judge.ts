export interface FailedJob {
  id: string;
  job_name: string;
  last_error: string | null;
}

/** Causes that pass by themselves. */
const PASSING = /\b(408|429|50[0234]|546|time-?out|timed out|no connection|went silent|limit)\b/i;

/** Whether a failed job is worth another round: the agent's judgement. Ask a model here. */
export function judge(job: FailedJob): { retry: boolean; why: string } {
  const error = job.last_error ?? "no reason is known";
  if (PASSING.test(error)) return { retry: true, why: `worth another try (${error})` };
  return { retry: false, why: `left alone (${error})` };
}
