// Watches from a connection of its own what must hold at every instant.
import { setTimeout as pause } from "node:timers/promises";
import { connect, type World } from "./world.ts";

export interface Sampler {
  /** Lanes and names that were seen above their limit, with the highest count. */
  exceeded: Map<string, number>;
  samples: number;
  stop(): Promise<void>;
}

const PAUSE_MILLISECONDS = 100;

/** Starts to count running jobs per lane and per name, against the limits of job_config. */
export function startSampler(world: World): Sampler {
  const sql = connect(world.stack.adminUrl, 1);
  const exceeded = new Map<string, number>();
  let stopped = false;

  async function watch(): Promise<void> {
    while (!stopped) {
      try {
        const found = await sql<{ place: string; running: number }[]>`
          with running as (
            select j.job_name, j.lane, count(*)::int as running from public.job j
            where j.state = 'running' group by 1, 2)
          select r.job_name || ' of ' || r.lane as place, r.running
          from running r join public.job_config c using (job_name)
          where r.running > c.concurrency_limit
          union all
          select r.job_name, sum(r.running)::int
          from running r join public.job_config c using (job_name)
          group by r.job_name, c.global_concurrency_limit
          having sum(r.running) > c.global_concurrency_limit`;
        sampler.samples++;
        for (const { place, running } of found) {
          exceeded.set(place, Math.max(running, exceeded.get(place) ?? 0));
        }
      } catch {
        // The database is away: then nothing can be counted.
      }
      await pause(PAUSE_MILLISECONDS);
    }
    await sql.end({ timeout: 2 });
  }

  const watching = watch();
  const sampler: Sampler = {
    exceeded,
    samples: 0,
    async stop() {
      stopped = true;
      await watching;
    },
  };
  return sampler;
}
