/** Background jobs as Edge Functions. */
export { serveJob } from "./serve_job.ts";
export type { ServedJob } from "./worker.ts";
export type { JobContext } from "./context.ts";
export type { Commit, CommitArgs, CommitFunction, CommitResult } from "./commit.ts";
export type { JobLog } from "./log_buffer.ts";
export type { Json } from "./json.ts";
export type { Sleep, Step, StepContext } from "./steps.ts";
export { JobStoppedError, PermanentError, RetryAfterError } from "./errors.ts";
export { defineJob, JobBodyError } from "./define_job.ts";
export type { BodyInput, BodyOutput, BodySchema, JobDefinition } from "./define_job.ts";
export { RuntimeApiError } from "./runtime_api.ts";
export { QueueError, queueJob, queueJobs } from "./queue_job.ts";
export type { BulkJob, QueueOptions, RpcClient } from "./queue_job.ts";
export { watchJob } from "./watch_job.ts";
export type { JobView, WatchClient, WatchOptions } from "./watch_job.ts";
