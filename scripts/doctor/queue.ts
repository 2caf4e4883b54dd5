import type { Check } from "./check.ts";

/** No name is paused while jobs of it wait. */
export const paused: Check = {
  name: "paused names",
  needs: ["migrations"],
  async look({ sql }) {
    const rows = await sql<{ name: string }[]>`
      select c.job_name as name from public.job_config c
      where not c.enabled and exists (select from public.job j
        where j.state = 'pending' and j.next_run_at is null and j.job_name = c.job_name)`;
    if (rows.length === 0) return { ok: "none with waiting jobs" };
    return {
      problem: `jobs wait of ${rows.map((row) => row.name).join(", ")}, disabled in job_config`,
      remedy: {
        sql: rows.map(({ name }) =>
          `update public.job_config set enabled = true where job_name = '${name}';`
        ).join("\n"),
      },
    };
  },
};

/** The oldest due job waits for no longer than a few minutes. */
export const waiting: Check = {
  name: "waiting",
  needs: ["vault", "pg_cron", "paused names"],
  async look({ sql }) {
    const [oldest] = await sql<{ id: string; minutes: number; why: string }[]>`
      select o.id, extract(epoch from clock_timestamp() - o.created_at)::int / 60 as minutes,
        public.explain_job(o.id) as why
      from unnest(private.names_to_ring()) n
      cross join lateral (select j.id, greatest(j.created_at, j.updated_at) as created_at
        from public.job j
        where j.state = 'pending' and j.next_run_at is null and j.job_name = n
        order by j.lane, j.priority desc, j.created_at, j.id limit 1) o
      order by o.created_at limit 1`;
    if (!oldest) return { ok: "nothing" };
    if (oldest.minutes < 5) return { ok: `for ${oldest.minutes} min at most` };
    return {
      problem: `job ${oldest.id} since ${oldest.minutes} min; ${oldest.why}`,
      remedy: { todo: "do what the sentence says; supabase/snippets/what-is-stuck.sql shows more" },
    };
  },
};

/** Not most attempts of a name fail. */
export const failures: Check = {
  name: "failures",
  needs: ["migrations"],
  async look({ sql }) {
    const rows = await sql<{ name: string; failed: string; all: string; error: string }[]>`
      select job_name as name, count(*) filter (where outcome <> 'completed') as failed,
        count(*) as all, max(error) filter (where outcome <> 'completed') as error
      from private.job_attempts
      where finished_at > now() - interval '1 hour'
        and outcome in ('completed', 'failed', 'failed_permanently', 'expired')
      group by job_name
      having count(*) >= 10 and count(*) filter (where outcome <> 'completed') * 2 > count(*)`;
    if (rows.length === 0) return { ok: "less than half of any name's attempts within an hour" };
    return {
      problem: rows.map(({ name, failed, all, error }) =>
        `${failed} of ${all} attempts of ${name} failed within an hour, for example: ${error}`
      ).join("; "),
      remedy: { todo: "supabase/snippets/top-errors.sql shows the reasons; mend the function" },
    };
  },
};
