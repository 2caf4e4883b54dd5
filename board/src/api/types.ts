/** What the board's functions in the database answer: supabase/migrations, the board's part. */

export type JobState = "pending" | "running" | "completed" | "failed" | "canceled";
export const STATES: JobState[] = ["pending", "running", "completed", "failed", "canceled"];

export type Json = string | number | boolean | null | { [key: string]: Json } | Json[];

export interface Filter {
  states?: JobState[];
  job_name?: string;
  user_email?: string;
  user_id?: string;
  created_from?: string;
  created_to?: string;
  error?: string;
  body?: Json;
}

export interface JobRow {
  id: string;
  job_name: string;
  user_id: string | null;
  user_email: string | null;
  state: JobState;
  created_at: string;
  updated_at: string;
  last_run_at: string | null;
  next_run_at: string | null;
  locked_at: string | null;
  finished_at: string | null;
  cancel_requested_at: string | null;
  retries: number;
  max_retries: number;
  attempt: number;
  priority: number;
  unique_key: string | null;
  progress: Json;
  last_error: string | null;
}

export interface Cursor {
  created_at: string;
  id: string;
}

export interface JobPage {
  jobs: JobRow[];
  next: Cursor | null;
  searched_to: string | null;
}

export type Counts = Record<JobState, number> & { cap: number; partial: boolean };

export interface Attempt {
  attempt: number;
  handed_over: boolean;
  rung_at: string;
  started_at: string | null;
  heartbeat_at: string | null;
  lease_expires_at: string;
  responded_at: string | null;
  finished_at: string | null;
  outcome:
    | "completed"
    | "failed"
    | "failed_permanently"
    | "canceled"
    | "released"
    | "expired"
    | null;
  status_code: number | null;
  error: string | null;
}

export interface LogLine {
  id: number;
  created_at: string;
  level: string;
  source: "engine" | "function" | "user";
  message: string;
}

export interface Logs {
  lines: LogLine[];
  more: boolean;
}

export interface JobDetail {
  job: JobRow & { request_body: Json; result: Json };
  explanation: string;
  attempts: Attempt[];
  attempts_total: number;
  steps: { name: string; created_at: string }[];
  logs: Logs;
  schedule:
    | { id: string; name: string; cron: string | null; every: string | null; time_zone: string }
    | null;
  may: { retry: boolean; cancel: boolean; delete: boolean; edit: boolean };
}

export type Action = "retry" | "cancel" | "delete";
export type SkipReason =
  | "not_found"
  | "wrong_state"
  | "unique_key"
  | "too_many_waiting"
  | "busy";

export interface Applied {
  action: Action;
  preview: boolean;
  matching: number;
  matching_capped: boolean;
  /** The search met a bound: older jobs may match, too. */
  partial: boolean;
  cap: number;
  done: number;
  remaining: boolean;
  skipped: Partial<Record<SkipReason, number>>;
}

export type Span = "hour" | "day" | "week";

export interface PickUp {
  jobs: number;
  p50_ms: number;
  p99_ms: number;
}

export interface Totals {
  queued: number;
  completed: number;
  failed: number;
  canceled: number;
}

export interface FlowOfName {
  /** Null: all names beyond the busiest together. */
  job_name: string | null;
  queued: number[];
  completed: number[];
  failed: number[];
  canceled: number[];
  totals: Totals;
  pick_up: PickUp | null;
}

export interface FullLane {
  job_name: string;
  user_id: string | null;
  user_email: string | null;
  running: number;
  limit: number;
  due: number;
  due_capped: boolean;
  oldest_due_at: string;
}

export interface Failing {
  job_name: string;
  failed: number;
  last_failed_at: string;
  top_error: string | null;
  top_error_jobs: number;
  of: number;
  job_id: string;
}

export interface HealthCheck {
  name: string;
  ok: boolean;
  text: string;
  at?: string | null;
}

export interface Overview {
  scope: "all" | "own";
  span: Span;
  at: string;
  counted_until: string;
  partial: boolean;
  bucket_seconds: number;
  times: number[];
  names: FlowOfName[];
  totals: Totals;
  pick_up: PickUp | null;
  now: { due: number; delayed: number; running: number; cap: number };
  oldest_due: {
    id: string;
    job_name: string;
    user_id: string | null;
    user_email: string | null;
    created_at: string;
  } | null;
  full_lanes: FullLane[];
  failing: Failing[];
  health: { ok: boolean; checks: HealthCheck[] };
}

/** What an operator may change of a name. */
export interface NameSettings {
  enabled: boolean;
  description: string | null;
  concurrency_limit: number;
  global_concurrency_limit: number | null;
  max_pending: number | null;
  rate_limit: number | null;
  rate_period: string;
  linger_seconds: number;
  lease_seconds: number;
  response_timeout_seconds: number;
  backoff_seconds: number;
  backoff_max_seconds: number;
  keep_completed: string;
  keep_failed: string;
}

export interface Change {
  at: string;
  by: string;
  what: string;
}

export interface Name extends NameSettings {
  job_name: string;
  configured: boolean;
  due: number;
  delayed: number;
  running: number;
  /** Null: not counted, as for users. */
  failed: number | null;
  lingering_until: string | null;
  oldest_due_at: string | null;
  changed: Change | null;
}

export interface Names {
  names: Name[];
  cap: number;
  more: boolean;
}

export interface Schedule {
  id: string;
  name: string;
  job_name: string;
  user_id: string | null;
  user_email: string | null;
  cron: string | null;
  every: string | null;
  time_zone: string;
  enabled: boolean;
  overlap: "skip" | "queue";
  catch_up: "none" | "one" | "all";
  next_at: string | null;
  last_at: string | null;
  last_job_id: string | null;
  last_job_state: JobState | null;
  last_error: string | null;
  request_body: Json;
  max_retries: number;
  priority: number;
  changed: Change | null;
}

export interface Schedules {
  schedules: Schedule[];
  more: boolean;
}
