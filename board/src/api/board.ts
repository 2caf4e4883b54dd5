import type { Client } from "../client.ts";
import type {
  Action,
  Applied,
  Counts,
  Cursor,
  Filter,
  JobDetail,
  JobPage,
  Json,
  Logs,
  Name,
  Names,
  NameSettings,
  Overview,
  Schedule,
  Schedules,
  Span,
} from "./types.ts";

/** A new job, as the form gives it. */
export interface NewJob {
  job_name: string;
  request_body: Json;
  max_retries: number;
  priority: number;
  run_at: string | null;
  unique_key: string | null;
}

/** Which jobs an action is for. */
export type Chosen = { ids: string[] } | { filter: Filter };

export type Board = ReturnType<typeof createBoard>;

/** The calls of the board, each one function of the database, on the user's token. */
export function createBoard(client: Client) {
  // What each answers is written down in types.ts: jsonb has no type of its own.
  const rpc = client.rpc.bind(client) as unknown as (
    name: string,
    args?: Record<string, unknown>,
  ) => ReturnType<Client["rpc"]>;

  async function call<T>(
    name: string,
    args: Record<string, unknown> = {},
    signal?: AbortSignal,
  ): Promise<T> {
    const request = rpc(name, args);
    const { data, error } = await (signal ? request.abortSignal(signal) : request);
    if (error) throw Object.assign(new Error(error.message), { code: error.code });
    return data as T;
  }

  return {
    isOperator: () => call<boolean>("is_job_operator"),
    overview: (span: Span, signal?: AbortSignal) =>
      call<Overview>("board_overview", { _span: span }, signal),
    counts: (filter: Filter, signal?: AbortSignal) =>
      call<Counts>("board_counts", { _filter: filter }, signal),
    jobs: (filter: Filter, before: Cursor | null, limit: number, signal?: AbortSignal) =>
      call<JobPage>("board_jobs", { _filter: filter, _limit: limit, _before: before }, signal),
    job: (id: string, signal?: AbortSignal) =>
      call<JobDetail>("board_job", { _job_id: id }, signal),
    logsBefore: (id: string, before: number) =>
      call<Logs>("board_logs", { _job_id: id, _before: before, _limit: 200 }),
    apply: (action: Action, chosen: Chosen, preview = false) =>
      call<Applied>("board_apply", {
        _action: action,
        _preview: preview,
        ...("ids" in chosen ? { _ids: chosen.ids } : { _filter: chosen.filter }),
      }),
    runAgain: (id: string, body?: Json) =>
      call<string>("board_run_again", {
        _job_id: id,
        ...(body === undefined ? {} : { _request_body: body }),
      }),
    queue: (job: NewJob) =>
      call<string>("queue_job", {
        _job_name: job.job_name,
        _request_body: job.request_body,
        _max_retries: job.max_retries,
        _run_at: job.run_at,
        _priority: job.priority,
        _unique_key: job.unique_key,
      }),
    names: (signal?: AbortSignal) => call<Names>("board_names", {}, signal),
    setName: (name: string, changes: Partial<NameSettings>) =>
      call<Name>("board_set_name", { _job_name: name, _changes: changes }),
    schedules: (signal?: AbortSignal) => call<Schedules>("board_schedules", {}, signal),
    setSchedule: (id: string, enabled: boolean) =>
      call<Schedule>("board_set_schedule", { _schedule_id: id, _enabled: enabled }),
    runSchedule: (id: string) => call<string>("board_run_schedule", { _schedule_id: id }),
  };
}
