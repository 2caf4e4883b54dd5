-- The ledger that the functions keep, and what the runner sees of outcomes without asking the engine.
create table public.chaos_ledger (
  id bigint generated always as identity primary key,
  job_id uuid not null,
  attempt integer not null,
  what text not null check (what in ('began', 'ended')),
  at timestamptz not null default clock_timestamp()
);
alter table public.chaos_ledger enable row level security;
grant insert on public.chaos_ledger to service_role;

-- The effect of jobs that end by commit: one row for each time it happened.
create table public.chaos_effect (job_id uuid not null, at timestamptz not null default clock_timestamp());
alter table public.chaos_effect enable row level security;
create function public.chaos_take_effect(_job_id uuid) returns void
language sql volatile security definer set search_path = ''
as $$
  insert into public.chaos_effect (job_id) values (_job_id);
$$;
revoke all on function public.chaos_take_effect(uuid) from public, anon;
grant execute on function public.chaos_take_effect(uuid) to authenticated;

-- Every move of a job into an end, as a trigger sees it.
create table public.chaos_outcome (
  job_id uuid not null,
  attempt integer not null,
  state text not null,
  at timestamptz not null default clock_timestamp()
);
alter table public.chaos_outcome enable row level security;
create function private.chaos_note_outcome() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into public.chaos_outcome (job_id, attempt, state) values (new.id, new.attempt, new.state);
  return null;
end
$$;
create trigger chaos_outcome after update on public.job
  for each row when (new.state in ('completed', 'failed', 'canceled') and
    (old.state, old.attempt) is distinct from (new.state, new.attempt))
  execute function private.chaos_note_outcome();

insert into public.job_config (job_name, concurrency_limit, global_concurrency_limit, lease_seconds,
  response_timeout_seconds, backoff_seconds, backoff_max_seconds)
values
  ('chaos-library', 2, 12, 5, 5, 1, 4),
  ('chaos-plain', 2, 30, 5, 10, 1, 4),
  ('chaos-untouched', 2, null, 5, 5, 1, 4),
  ('chaos-silent', 2, null, 5, 3, 1, 1),
  ('chaos-garbage', 2, null, 5, 5, 1, 1),
  ('chaos-twice', 2, null, 5, 5, 1, 1);

-- Jobs that went with their user.
create table public.chaos_gone (job_id uuid primary key);
alter table public.chaos_gone enable row level security;
create function private.chaos_note_gone() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  insert into public.chaos_gone (job_id)
  select old.id where not exists (select from auth.users u where u.id = old.user_id);
  return null;
end
$$;
create trigger chaos_gone after delete on public.job
  for each row execute function private.chaos_note_gone();

notify pgrst, 'reload schema';
