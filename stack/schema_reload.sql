-- As on Supabase: every change of the schema tells the REST service to read the catalog again.
create or replace function extensions.pgrst_ddl_watch() returns event_trigger
language plpgsql set search_path = '' as $$
begin
  notify pgrst, 'reload schema';
end
$$;
drop event trigger if exists pgrst_ddl_watch;
create event trigger pgrst_ddl_watch on ddl_command_end
  when tag in (
    'CREATE SCHEMA', 'ALTER SCHEMA', 'CREATE TABLE', 'ALTER TABLE', 'DROP TABLE',
    'CREATE FUNCTION', 'ALTER FUNCTION', 'DROP FUNCTION', 'CREATE VIEW', 'ALTER VIEW', 'DROP VIEW',
    'CREATE TYPE', 'ALTER TYPE', 'DROP TYPE', 'GRANT', 'REVOKE'
  )
  execute function extensions.pgrst_ddl_watch();
