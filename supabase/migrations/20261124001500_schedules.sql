-- Part 15: what runs when. Every cron.schedule of the engine is here (that of the examples is with them);
-- cron.schedule upserts by name.
--
-- Ringing at enqueue and hand-over do most of the work; these are the safety net, and drive delays, retries
-- and plain functions. The first two are out of step on purpose, so that they seldom run at once.
-- An empty tick costs well under a millisecond.

select cron.schedule('run-jobs', '5 seconds', 'select private.run_jobs()');
select cron.schedule('process-jobs', '3 seconds', 'select private.process_jobs()');
select cron.schedule('reset-stuck-jobs', '15 seconds', 'select private.reset_stuck_jobs()');
select cron.schedule('queue-scheduled-jobs', '10 seconds', 'select private.queue_scheduled_jobs()');
select cron.schedule('prune-jobs', '* * * * *', 'select private.prune_jobs()');
select cron.schedule('count-jobs', '20 seconds', 'select private.count_jobs()');

-- Live states in the dashboard and in apps, where Realtime is there.
do $$
begin
  if exists (select from pg_publication p where p.pubname = 'supabase_realtime' and not p.puballtables)
    and not exists (select from pg_publication_tables t
      where t.pubname = 'supabase_realtime' and t.schemaname = 'public' and t.tablename = 'job')
  then
    alter publication supabase_realtime add table public.job;
  end if;
end
$$;
