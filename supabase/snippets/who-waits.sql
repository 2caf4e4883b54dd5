-- The users with the most waiting jobs, and since when.
select l.job_name, l.user_id, u.email, l.due, l.delayed, l.running, l.concurrency_limit,
  date_trunc('second', now() - l.oldest_due_since) as oldest_waits
from private.job_lanes l
left join auth.users u on u.id = l.user_id
where l.due > 0
order by l.due desc, l.oldest_due_since
limit 50;
