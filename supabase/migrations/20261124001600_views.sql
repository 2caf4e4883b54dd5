-- Part 16: what an operator looks at. Views in private: the dashboard's table editor and SQL editor show
-- them, the API does not. None shows a token. All read through indexes that hold only what is live, except
-- job_failures and job_attempts, which are history: filter them by name or id.

create view private.job_lanes with (security_invoker = true) as
select j.job_name, nullif(j.lane, 'ffffffff-ffff-ffff-ffff-ffffffffffff') as user_id,
  count(*) filter (where j.state = 'running') as running,
  (private.job_config_of(j.job_name)).concurrency_limit as concurrency_limit,
  count(*) filter (where j.state = 'pending' and j.next_run_at is null) as due,
  count(*) filter (where j.state = 'pending' and j.next_run_at is not null) as delayed,
  min(j.created_at) filter (where j.state = 'pending' and j.next_run_at is null) as oldest_due_since,
  min(j.next_run_at) as next_delayed_at
from public.job j
where j.state = 'running' or j.state = 'pending'
group by j.job_name, j.lane;
comment on view private.job_lanes is 'Each user and name with something waiting or running.';
comment on column private.job_lanes.job_name is 'The name.';
comment on column private.job_lanes.user_id is 'The user; null: jobs of the system.';
comment on column private.job_lanes.running is 'Slots taken.';
comment on column private.job_lanes.concurrency_limit is 'Slots there are.';
comment on column private.job_lanes.due is 'Jobs that wait for a slot.';
comment on column private.job_lanes.delayed is 'Jobs that wait for their time.';
comment on column private.job_lanes.oldest_due_since is 'When the oldest due job was queued.';
comment on column private.job_lanes.next_delayed_at is 'When the next delayed job becomes due.';

create view private.job_overview with (security_invoker = true) as
with names as (
  select c.job_name from public.job_config c
  union select l.job_name from private.job_lanes l
), waiting as (
  select l.job_name, sum(l.due) as due, sum(l.delayed) as delayed, sum(l.running) as running,
    count(*) filter (where l.due > 0) as waiting_lanes, min(l.oldest_due_since) as oldest_due_since
  from private.job_lanes l group by l.job_name
)
select n.job_name, c.enabled, c.concurrency_limit, c.global_concurrency_limit,
  coalesce(w.due, 0)::bigint as due, coalesce(w.delayed, 0)::bigint as delayed,
  coalesce(w.running, 0)::bigint as running, coalesce(w.waiting_lanes, 0) as waiting_lanes,
  w.oldest_due_since, e.completed as completed_last_hour, e.failed as failed_last_hour, c.description
from names n
cross join lateral private.job_config_of(n.job_name) c
left join waiting w on w.job_name = n.job_name
cross join lateral (
  select count(*) filter (where j.state = 'completed') as completed, count(*) filter (where j.state = 'failed') as failed
  from public.job j
  where j.job_name = n.job_name and j.state in ('completed', 'failed') and j.finished_at is not null
    and j.finished_at > private.now() - interval '1 hour') e;
comment on view private.job_overview is 'One row a name: what waits, runs, and ended within the last hour.';
comment on column private.job_overview.job_name is 'The name.';
comment on column private.job_overview.enabled is 'False: paused in job_config.';
comment on column private.job_overview.concurrency_limit is 'Slots per user.';
comment on column private.job_overview.global_concurrency_limit is 'Slots of all users together; null: no limit.';
comment on column private.job_overview.due is 'Jobs that wait for a slot.';
comment on column private.job_overview.delayed is 'Jobs that wait for their time.';
comment on column private.job_overview.running is 'Jobs that run.';
comment on column private.job_overview.waiting_lanes is 'Users with due jobs.';
comment on column private.job_overview.oldest_due_since is 'When the oldest due job was queued.';
comment on column private.job_overview.completed_last_hour is 'Jobs completed within the last hour.';
comment on column private.job_overview.failed_last_hour is 'Jobs failed for good within the last hour.';
comment on column private.job_overview.description is 'From job_config.';

create view private.job_running with (security_invoker = true) as
select j.id, j.job_name, j.user_id, j.attempt, j.locked_at as running_since, a.started_at,
  coalesce(a.heartbeat_at, a.started_at) as last_heard_at, a.lease_expires_at, j.cancel_requested_at, j.progress,
  j.request_body, public.explain_job(j.id) as explanation
from public.job j
left join private.job_attempt a on a.job_id = j.id and a.attempt = j.attempt and a.finished_at is null
where j.state = 'running';
comment on view private.job_running is 'What runs now, and when it was last heard of.';
comment on column private.job_running.id is 'The job.';
comment on column private.job_running.job_name is 'Its name.';
comment on column private.job_running.user_id is 'Its user; null: a job of the system.';
comment on column private.job_running.attempt is 'Number of the attempt.';
comment on column private.job_running.running_since is 'When the attempt was claimed.';
comment on column private.job_running.started_at is 'When its function began; null: not yet, or a plain function.';
comment on column private.job_running.last_heard_at is 'The function''s last sign of life.';
comment on column private.job_running.lease_expires_at is 'Silent past this time, it counts as failed.';
comment on column private.job_running.cancel_requested_at is 'Since when it is asked to stop.';
comment on column private.job_running.progress is 'What the function last reported.';
comment on column private.job_running.request_body is 'Its body.';
comment on column private.job_running.explanation is 'explain_job.';

create view private.job_failures with (security_invoker = true) as
select j.id, j.job_name, j.user_id, j.finished_at as failed_at, j.retries, j.max_retries, j.last_error, a.outcome,
  a.status_code, j.request_body
from public.job j
left join private.job_attempt a on a.job_id = j.id and a.attempt = j.attempt
where j.state = 'failed' and j.finished_at is not null;
comment on view private.job_failures is 'Jobs that failed for good, with the reason.';
comment on column private.job_failures.id is 'The job: select retry_job(id) queues it again.';
comment on column private.job_failures.job_name is 'Its name.';
comment on column private.job_failures.user_id is 'Its user; null: a job of the system.';
comment on column private.job_failures.failed_at is 'When it failed for good.';
comment on column private.job_failures.retries is 'Tries it has had.';
comment on column private.job_failures.max_retries is 'Tries it may have.';
comment on column private.job_failures.last_error is 'The reason, in words.';
comment on column private.job_failures.outcome is 'How the last attempt ended.';
comment on column private.job_failures.status_code is 'Status of the last answer, where an answer ended it.';
comment on column private.job_failures.request_body is 'Its body.';

create view private.job_attempts with (security_invoker = true) as
select j.job_name, a.job_id, a.attempt, j.user_id, a.request_id is null as handed_over, a.rung_at, a.started_at,
  a.finished_at, a.started_at - a.rung_at as pick_up, a.finished_at - coalesce(a.started_at, a.rung_at) as duration,
  a.outcome, a.status_code, a.error
from private.job_attempt a
join public.job j on j.id = a.job_id;
comment on view private.job_attempts is 'Every attempt, without its token.';
comment on column private.job_attempts.job_name is 'The job''s name.';
comment on column private.job_attempts.job_id is 'The job.';
comment on column private.job_attempts.attempt is 'Number of the attempt.';
comment on column private.job_attempts.user_id is 'The job''s user; null: a job of the system.';
comment on column private.job_attempts.handed_over is 'True: given to a function that had finished; false: rung.';
comment on column private.job_attempts.rung_at is 'When it was claimed.';
comment on column private.job_attempts.started_at is 'When its function began.';
comment on column private.job_attempts.finished_at is 'When it ended; null: live.';
comment on column private.job_attempts.pick_up is 'From the claim to the function''s start.';
comment on column private.job_attempts.duration is 'From the start to the end.';
comment on column private.job_attempts.outcome is 'How it ended.';
comment on column private.job_attempts.status_code is 'Status of the answer, where an answer ended it.';
comment on column private.job_attempts.error is 'Why it failed, in words.';

revoke all on private.job_lanes, private.job_overview, private.job_running, private.job_failures, private.job_attempts
  from public, anon, authenticated, service_role;
