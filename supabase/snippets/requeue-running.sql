-- Take a running job away from its function now, instead of waiting for its lease: it counts as a failed
-- try and is due again at once while tries are left. Whatever its function still reports is refused.
-- Put the job's id in.
select private.fail_job_with_retry('00000000-0000-0000-0000-000000000000', 'taken away by an operator', '0 s')
  as new_state;
