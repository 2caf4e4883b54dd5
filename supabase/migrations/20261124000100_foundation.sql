-- The job system, part 1 of 18: words, extensions, the private schema and the clock.
--
-- Words used in all migrations
--   job        a row of public.job: run the Edge Function named job_name with request_body, as user_id
--   attempt    one try at a job, a row of private.job_attempt; at most one is live (finished_at is null)
--   token      the secret of one attempt; whoever reports on the attempt must show it (the fence)
--   lane       the jobs of one user and one job name; job.lane is the user's id, or the max UUID
--   slot       the right to run one more job in a lane (job_config.concurrency_limit)
--   ring       one pg_net request that starts an attempt
--   accept     a function's answer 202: it works on, and reports by the runtime functions
--   plain      the article's protocol: the function answers 200, 201, 204 or an error when it is done
--   lease      how long a live attempt may stay silent before it counts as failed
--   hand-over  giving a function that finishes a job the next waiting job of the same name
--   linger     a function without work stays a little and asks for more (job_config.linger_seconds)
--   due        pending with next_run_at null; a delayed job has next_run_at set and is promoted
--
-- Life of a job:  pending -> running -> completed | failed | canceled, and back to pending to retry
-- Order of locks: rows of job, then lane, then name (advisory: private.hold). Claims never wait for a row (skip
-- locked), so whoever holds a lane's lock is never blocked by a client.

create extension if not exists pg_cron with schema pg_catalog;
create extension if not exists pg_net with schema extensions;

create schema if not exists private;
revoke all on schema private from public, anon, authenticated, service_role;
comment on schema private is 'The job engine. Not exposed by the API and not granted to API roles.';

-- The engine's clock: the real time, or in a superuser's test session the setting private.frozen_now.
-- Takes nothing, returns timestamptz. Called by every function that compares times.
create function private.now() returns timestamptz
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_frozen text := current_setting('private.frozen_now', true);
begin
  if v_frozen <> '' then
    if (select r.rolsuper from pg_catalog.pg_roles r where r.rolname = session_user) then
      return v_frozen::timestamptz;
    end if;
  end if;
  return clock_timestamp();
end
$$;
comment on function private.now() is
  'The time as the engine sees it. Only a session opened by a superuser can freeze it (setting private.frozen_now).';
revoke all on function private.now() from public, anon, authenticated, service_role;
