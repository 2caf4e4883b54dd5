-- Coming from the article's original schema, step 1, before the template's migrations: stops its schedules,
-- drops its functions, and sets its tables with all rows aside in the schema article. One transaction.
begin;

select cron.unschedule(j.jobid)
from cron.job j
where j.command ~* '\m(run_jobs|process_jobs|reset_stuck_jobs)\M';

do $$
declare
  v_function regprocedure;
begin
  for v_function in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = any (array[to_regnamespace('public'), to_regnamespace('private')]::oid[])
      and p.proname in ('queue_job', 'dequeue_job', 'log_job', 'supabase_url', 'jwt_secret', 'generate_user_jwt',
        'run_job', 'run_jobs', 'process_jobs', 'fail_job_with_retry', 'reset_stuck_jobs')
  loop
    execute format('drop function %s', v_function);
  end loop;
end
$$;

create schema article;
revoke all on schema article from public, anon, authenticated, service_role;
alter table public.job_logs set schema article;
alter table public.job_config set schema article;
alter table public.job set schema article;

commit;
