-- The examples' own tables and functions. Delete this file, and the folders of supabase/functions that
-- its headings name, when you do not need them any more.

-- queue-digests: who wants a digest. --------------------------------------------------------------------
create table public.digest_subscription (
  user_id uuid primary key default auth.uid() references auth.users (id) on delete cascade,
  created_at timestamptz not null default now()
);
comment on table public.digest_subscription is 'Example queue-digests: users who get a send-digest job a day.';
comment on column public.digest_subscription.user_id is 'Who gets it.';
comment on column public.digest_subscription.created_at is 'Since when.';

-- poll-feed: what is polled, and what was found. ----------------------------------------------------------
create table public.feed (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  url text not null check (url ~ '^https?://'),
  etag text,
  polled_at timestamptz
);
create index feed_by_user on public.feed (user_id);
comment on table public.feed is 'Example poll-feed: one row is one feed that is polled for a user.';
comment on column public.feed.id is 'The feed.';
comment on column public.feed.user_id is 'For whom it is polled.';
comment on column public.feed.url is 'What is polled.';
comment on column public.feed.etag is 'The last answer''s ETag: an unchanged feed is not sent again.';
comment on column public.feed.polled_at is 'When it was last polled.';

create table public.feed_item (
  feed_id uuid not null references public.feed (id) on delete cascade,
  item_id text not null,
  title text not null,
  found_at timestamptz not null default now(),
  primary key (feed_id, item_id)
);
create index feed_item_by_age on public.feed_item (found_at);
comment on table public.feed_item is 'Example poll-feed: what was found. Example nightly-cleanup: prunes it.';
comment on column public.feed_item.feed_id is 'The feed.';
comment on column public.feed_item.item_id is 'The feed''s own id of the item.';
comment on column public.feed_item.title is 'Its title.';
comment on column public.feed_item.found_at is 'When it was found.';

-- Committed by poll-feed as the feed's user: keeps the answer and queues the next poll. Returns how many
-- items are new. _items: [{"id", "title"}].
create function public.save_feed_poll(_feed_id uuid, _etag text, _items jsonb, _next_poll_at timestamptz)
returns integer
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_new integer;
begin
  update public.feed f set etag = _etag, polled_at = now() where f.id = _feed_id;
  if not found then
    return 0;
  end if;
  insert into public.feed_item (feed_id, item_id, title)
  select _feed_id, i ->> 'id', i ->> 'title' from jsonb_array_elements(_items) i
  on conflict do nothing;
  get diagnostics v_new = row_count;
  perform public.queue_job('poll-feed', jsonb_build_object('feedId', _feed_id), _run_at => _next_poll_at);
  return v_new;
end
$$;
comment on function public.save_feed_poll(uuid, text, jsonb, timestamptz) is
  'Example poll-feed: keeps an answer and queues the next poll.';

-- import-contacts: rows that arrive in chunks. --------------------------------------------------------------
create table public.contact (
  id bigint generated always as identity primary key,
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  email text not null,
  name text not null default ''
);
create index contact_by_user on public.contact (user_id);
comment on table public.contact is 'Example import-contacts: imported rows. No key makes them unique: commit does.';
comment on column public.contact.id is 'The row.';
comment on column public.contact.user_id is 'Who imported it.';
comment on column public.contact.email is 'As in the file.';
comment on column public.contact.name is 'As in the file.';

-- Committed by import-contacts as the importing user: keeps one chunk and queues the next one, if there is
-- one. Returns how many rows it kept.
create function public.import_contacts_chunk(_rows jsonb, _next jsonb default null) returns integer
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_kept integer;
begin
  insert into public.contact (email, name)
  select r ->> 'email', coalesce(r ->> 'name', '') from jsonb_array_elements(_rows) r;
  get diagnostics v_kept = row_count;
  if _next is not null then
    perform public.queue_job('import-contacts', _next);
  end if;
  return v_kept;
end
$$;
comment on function public.import_contacts_chunk(jsonb, jsonb) is
  'Example import-contacts: keeps one chunk and queues the next one.';

-- index-document: a job queued by a table's trigger, with a unique key. ------------------------------------
create table public.document (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  content text not null,
  version integer not null default 1,
  word_count integer,
  indexed_version integer
);
create index document_by_user on public.document (user_id);
comment on table public.document is 'Example index-document: each change of content queues a job, once.';
comment on column public.document.id is 'The document; unique_key of its job.';
comment on column public.document.user_id is 'Whose it is.';
comment on column public.document.content is 'Its text.';
comment on column public.document.version is 'Counts the changes of content.';
comment on column public.document.word_count is 'The index of this example.';
comment on column public.document.indexed_version is 'The version that word_count is of.';

create function private.next_document_version() returns trigger
language plpgsql volatile security invoker set search_path = ''
as $$
begin
  new.version := old.version + 1;
  return new;
end
$$;
comment on function private.next_document_version() is 'Example index-document: counts the changes of content.';
create trigger document_next_version before update of content on public.document
  for each row execute function private.next_document_version();

-- The recipe. While a job for this document is pending or running no second one is made. Security definer,
-- because users may not call private functions.
create function private.queue_index_document() returns trigger
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform private.queue_job_for_user(new.user_id, 'index-document',
    jsonb_build_object('documentId', new.id), _unique_key => new.id::text);
  return null;
end
$$;
comment on function private.queue_index_document() is 'Example index-document: the trigger recipe.';
create trigger document_queue_index after insert or update of content on public.document
  for each row execute function private.queue_index_document();

-- Committed by index-document as the document's user. A change that came while the job was running queued
-- no job: it is noticed here, under the row's lock, and raises JQ409, so that the handler looks again.
-- Returns the word count; null if the document is gone.
create function public.save_document_index(_document_id uuid, _version integer, _word_count integer)
returns integer
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_version integer;
begin
  select d.version into v_version from public.document d where d.id = _document_id for update;
  if v_version <> _version then
    raise exception using errcode = 'JQ409', message = 'the document has changed meanwhile';
  end if;
  update public.document d set word_count = _word_count, indexed_version = _version
  where d.id = _document_id returning d.word_count into _word_count;
  return case when found then _word_count end;
end
$$;
comment on function public.save_document_index(uuid, integer, integer) is
  'Example index-document: keeps the index of a version, unless there is a newer one (JQ409).';

-- nightly-cleanup and queue-digests: jobs without a user, queued by the clock. -----------------------------

-- Called by nightly-cleanup: deletes up to _limit items found before a moment; returns how many.
create function public.prune_feed_items(_before timestamptz, _limit integer default 1000) returns integer
language plpgsql volatile security invoker set search_path = ''
as $$
declare
  v_gone integer;
begin
  delete from public.feed_item f
  where (f.feed_id, f.item_id) in (
    select i.feed_id, i.item_id from public.feed_item i
    where i.found_at < _before order by i.found_at limit _limit);
  get diagnostics v_gone = row_count;
  return v_gone;
end
$$;
comment on function public.prune_feed_items(timestamptz, integer) is 'Example nightly-cleanup: prunes one batch.';

create function private.queue_nightly() returns void
language sql volatile security invoker set search_path = ''
as $$
  select private.queue_job_for_user(null, 'nightly-cleanup', _unique_key => 'nightly');
  select private.queue_job_for_user(null, 'queue-digests',
    jsonb_build_object('day', (private.now() at time zone 'utc')::date - 1), _unique_key => 'nightly');
$$;
comment on function private.queue_nightly() is 'Called by pg_cron: queues the jobs of the night.';
select cron.schedule('examples-nightly', '17 3 * * *', 'select private.queue_nightly()');

-- Who may do what. ------------------------------------------------------------------------------------------
revoke all on public.digest_subscription, public.feed, public.feed_item, public.contact, public.document
  from public, anon, authenticated, service_role;
revoke all on sequence public.contact_id_seq from public, anon, authenticated, service_role;
grant select, insert, delete on public.digest_subscription to authenticated;
grant select on public.digest_subscription to service_role;
grant select, delete, insert (url), update (url, etag, polled_at) on public.feed to authenticated;
grant select, insert, delete on public.feed_item to authenticated;
grant select, delete on public.feed_item to service_role;
grant select, delete, insert (email, name), update (email, name) on public.contact to authenticated;
grant select, delete, insert (content), update (content, word_count, indexed_version)
  on public.document to authenticated;

alter table public.digest_subscription enable row level security;
alter table public.feed enable row level security;
alter table public.feed_item enable row level security;
alter table public.contact enable row level security;
alter table public.document enable row level security;
create policy "own subscription" on public.digest_subscription for all to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "own feeds" on public.feed for all to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "items of own feeds" on public.feed_item for all to authenticated
  using (feed_id in (select f.id from public.feed f where f.user_id = (select auth.uid())))
  with check (feed_id in (select f.id from public.feed f where f.user_id = (select auth.uid())));
create policy "own contacts" on public.contact for all to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
create policy "own documents" on public.document for all to authenticated
  using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));

revoke all on function public.save_feed_poll(uuid, text, jsonb, timestamptz),
  public.import_contacts_chunk(jsonb, jsonb), public.save_document_index(uuid, integer, integer),
  public.prune_feed_items(timestamptz, integer), private.queue_nightly(), private.queue_index_document(),
  private.next_document_version()
  from public, anon, authenticated, service_role;
grant execute on function public.save_feed_poll(uuid, text, jsonb, timestamptz),
  public.import_contacts_chunk(jsonb, jsonb), public.save_document_index(uuid, integer, integer)
  to authenticated;
grant execute on function public.prune_feed_items(timestamptz, integer) to service_role;

insert into public.job_config (job_name, concurrency_limit, global_concurrency_limit, rate_limit, description)
values
  ('queue-digests', 1, 1, null, 'Router: queues a send-digest job for each subscriber. Without a user.'),
  ('poll-feed', 2, 50, 300, 'Polls a third-party API; 300 polls a minute over all users.'),
  ('tidy-jobs', 1, null, null, 'Agent: looks after the failed jobs of its user.'),
  ('import-contacts', 1, null, null, 'Imports a CSV file chunk by chunk.'),
  ('index-document', 5, null, null, 'Queued by the trigger on public.document.'),
  ('nightly-cleanup', 1, 1, null, 'Maintenance. Without a user.')
on conflict (job_name) do nothing;
