-- Local substitute for pg_net 0.20.4: the same tables, functions, arguments and privileges.
-- The requests are sent by worker.ts, which listens on the channel pg_net_wake.
-- As with the original, `with schema extensions` only says where the extension is registered:
-- its objects are always in schema net.
\echo Use "create extension pg_net" to load this file. \quit

create schema net;

create domain net.http_method as text
  check (lower(value) in ('get', 'post', 'delete'));

create unlogged table net.http_request_queue (
  id bigserial,
  method net.http_method not null,
  url text not null,
  headers jsonb,
  body bytea,
  timeout_milliseconds int not null
);

create unlogged table net._http_response (
  id bigint,
  status_code integer,
  content_type text,
  headers jsonb,
  content text,
  timed_out bool,
  error_msg text,
  created timestamptz not null default now()
);
create index on net._http_response (created);

create function net.check_worker_is_up() returns void
language plpgsql as $$
begin
  if not exists (select from pg_stat_activity where application_name like 'pg_net %') then
    raise exception 'the pg_net background worker is not up'
      using detail = 'No session calls itself "pg_net …", so nothing sends the queued requests.',
            hint = 'Locally the worker is stack/extensions/pg_net/worker.ts: npm start runs it.';
  end if;
end $$;
comment on function net.check_worker_is_up() is 'An error when the pg_net worker is down, else nothing.';

create function net.wait_until_running() returns void
language plpgsql as $$
begin
  loop
    perform pg_stat_clear_snapshot();
    exit when exists (select from pg_stat_activity where application_name like 'pg_net %');
    perform pg_sleep(0.05);
  end loop;
end $$;
comment on function net.wait_until_running() is 'Returns once the worker is up.';

-- A notification is delivered at commit and never after a rollback, as the original's latch.
create function net.wake() returns void
language plpgsql as $$ begin perform pg_notify('pg_net_wake', ''); end $$;

create function net.worker_restart() returns bool
language plpgsql as $$
begin
  perform pg_notify('pg_net_restart', '');
  return true;
end $$;

create function net._urlencode_string(string varchar) returns text
language sql immutable as $$
  select coalesce(string_agg(
    case
      when byte between 48 and 57 or byte between 65 and 90 or byte between 97 and 122
        or byte in (45, 46, 95, 126) then chr(byte)
      else '%' || upper(lpad(to_hex(byte), 2, '0'))
    end, '' order by position), '')
  from (
    select position, get_byte(bytes, position) as byte
    from (select convert_to(string, 'UTF8') as bytes) as encoded,
      generate_series(0, length(bytes) - 1) as position
  ) as bytes_of_string
$$;

create function net._encode_url_with_params_array(url text, params_array text[]) returns text
language sql immutable as $$
  select case
    when coalesce(cardinality(params_array), 0) = 0 then url
    when strpos(url, '?') > 0 then url || '&' || array_to_string(params_array, '&')
    else url || '?' || array_to_string(params_array, '&')
  end
$$;

-- In plpgsql: a SQL function would be planned anew at every request.
create function net._url_with_params(url text, params jsonb) returns text
language plpgsql as $$
begin
  if params is null or params = '{}' then
    return url;
  end if;
  return net._encode_url_with_params_array(url, (
    select coalesce(array_agg(net._urlencode_string(key) || '=' || net._urlencode_string(value)), '{}')
    from jsonb_each_text(params)
  ));
end $$;

create function net.http_get(
  url text,
  params jsonb default '{}'::jsonb,
  headers jsonb default '{}'::jsonb,
  timeout_milliseconds int default 5000
) returns bigint
language plpgsql as $$
declare
  v_id bigint;
begin
  insert into net.http_request_queue (method, url, headers, timeout_milliseconds)
  values ('GET', net._url_with_params(url, params), headers, timeout_milliseconds)
  returning id into v_id;
  perform net.wake();
  return v_id;
end $$;

create function net.http_post(
  url text,
  body jsonb default '{}'::jsonb,
  params jsonb default '{}'::jsonb,
  headers jsonb default '{"Content-Type": "application/json"}'::jsonb,
  timeout_milliseconds int default 5000
) returns bigint
language plpgsql as $$
declare
  v_id bigint;
  v_content_type text := (
    select value from jsonb_each_text(coalesce(headers, '{}'::jsonb))
    where lower(key) = 'content-type' limit 1
  );
begin
  if v_content_type is null then
    headers := headers || '{"Content-Type": "application/json"}'::jsonb;
  end if;
  if v_content_type <> 'application/json' then
    raise exception 'Content-Type header must be "application/json"';
  end if;

  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values (
    'POST', net._url_with_params(url, params), headers, convert_to(body::text, 'UTF8'),
    timeout_milliseconds
  )
  returning id into v_id;
  perform net.wake();
  return v_id;
end $$;

create function net.http_delete(
  url text,
  params jsonb default '{}'::jsonb,
  headers jsonb default '{}'::jsonb,
  timeout_milliseconds int default 5000,
  body jsonb default null
) returns bigint
language plpgsql as $$
declare
  v_id bigint;
begin
  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values (
    'DELETE', net._url_with_params(url, params), headers, convert_to(body::text, 'UTF8'),
    timeout_milliseconds
  )
  returning id into v_id;
  perform net.wake();
  return v_id;
end $$;

create type net.request_status as enum ('PENDING', 'SUCCESS', 'ERROR');
create type net.http_response as (status_code integer, headers jsonb, body text);
create type net.http_response_result as (
  status net.request_status, message text, response net.http_response
);

create function net._await_response(request_id bigint) returns bool
language plpgsql as $$
begin
  while not exists (select from net._http_response where id = request_id) loop
    perform pg_sleep(0.05);
  end loop;
  return true;
end $$;

create function net._http_collect_response(request_id bigint, async bool default true)
returns net.http_response_result
language plpgsql as $$
declare
  v_response net._http_response;
begin
  if not async then
    perform net._await_response(request_id);
  end if;
  select * into v_response from net._http_response where id = request_id;
  if not found or v_response.error_msg is not null then
    return row(
      'ERROR', coalesce(v_response.error_msg, 'request matching request_id not found'), null
    )::net.http_response_result;
  end if;
  return row('SUCCESS', 'ok',
    row(v_response.status_code, v_response.headers, v_response.content)::net.http_response
  )::net.http_response_result;
end $$;

create function net.http_collect_response(request_id bigint, async bool default true)
returns net.http_response_result
language plpgsql as $$
begin
  raise notice 'The net.http_collect_response function is deprecated.';
  return net._http_collect_response(request_id, async);
end $$;

-- Whoever can run SQL can read what is queued. That is how the original is, and why no secret may
-- ever be in a queued header.
grant usage on schema net to public;
grant all on all tables in schema net to public;
grant all on all sequences in schema net to public;

do $$
declare
  v_role text;
begin
  foreach v_role in array array['postgres', 'anon', 'authenticated', 'service_role'] loop
    if to_regrole(v_role) is not null then
      execute format('grant usage on schema net to %I', v_role);
    end if;
  end loop;
end $$;
