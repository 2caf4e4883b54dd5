-- Part 14: history has an end. Called by pg_cron without arguments, in batches of at most 5,000 rows each.

-- Deletes ended jobs older than their name keeps them (their logs, attempts and steps go with them),
-- run details of our schedules older than a day, and what is left of lost requests and lingering; cancels
-- due jobs of users who were soft-deleted. Returns how many jobs it deleted.
create function private.prune_jobs() returns integer
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_now timestamptz := private.now();
  v_config public.job_config;
  v_name text;
  v_deleted integer;
  v_total integer := 0;
begin
  for v_name in
    with recursive names (name) as (
      (select j.job_name from public.job j where j.finished_at is not null order by j.job_name limit 1)
      union all
      select (select j.job_name from public.job j where j.finished_at is not null and j.job_name > n.name
        order by j.job_name limit 1)
      from names n where n.name is not null
    )
    select n.name from names n where n.name is not null
  loop
    v_config := private.job_config_of(v_name);
    delete from public.job j where j.id in (
      select d.id from unnest('{completed,failed,canceled}'::text[]) as s (state)
      cross join lateral (select e.id from public.job e
        where e.finished_at is not null and e.job_name = v_name and e.state = s.state
          and e.finished_at < v_now - case s.state when 'completed' then v_config.keep_completed
            else v_config.keep_failed end
        order by e.finished_at limit 5000 for update skip locked) d
      limit 5000);
    get diagnostics v_deleted = row_count;
    v_total := v_total + v_deleted;
  end loop;

  delete from cron.job_run_details d where d.runid in (
    select r.runid from cron.job_run_details r join cron.job c on c.jobid = r.jobid
    where c.command ~ '^select private\.(run_jobs|process_jobs|reset_stuck_jobs|queue_scheduled_jobs|prune_jobs|count_jobs)\(\)$'
      and r.start_time < now() - interval '1 day' limit 50000);
  update private.job_attempt a set responded_at = v_now
  where a.request_id is not null and a.responded_at is null and a.finished_at < v_now - interval '1 hour';
  delete from private.job_linger l where l.expires_at < v_now;
  delete from private.job_start s where s.started_at < v_now
    - coalesce((select c.rate_period from public.job_config c where c.job_name = s.job_name), interval '0');

  for v_name in
    select j.id from auth.users u join public.job j on j.user_id = u.id
    where u.deleted_at is not null and j.state = 'pending' limit 5000 for update of j skip locked
  loop
    update public.job j set state = 'canceled', next_run_at = null, finished_at = v_now, updated_at = v_now,
      last_error = 'its user was deleted' where j.id = v_name::uuid;
    perform private.log(v_name::uuid, 'Canceled: its user was deleted.');
  end loop;
  -- Last, because a tick that moves one of these cursors waits for this transaction.
  delete from private.lane_cursor c where c.job_name in (
    select d.job_name from private.lane_cursor d
    where not exists (select from public.job_config k where k.job_name = d.job_name)
      and not exists (select from public.job j
        where j.state = 'pending' and j.next_run_at is null and j.job_name = d.job_name)
    limit 5000 for update skip locked);
  return v_total;
end
$$;
comment on function private.prune_jobs() is 'Deletes what is older than it is kept, in batches. Returns how many jobs.';
revoke all on all functions in schema private from public, anon, authenticated, service_role;
