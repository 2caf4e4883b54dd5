// Many users with one job each, beside as many bare requests.
import { postgresSettings } from "./support/database.ts";
import type { BenchOptions } from "./support/options.ts";
import type { Result } from "./support/report.ts";
import {
  type BenchStack,
  configure,
  queueMany,
  startBenchStack,
  untilDone,
  warmUp,
} from "./support/stack.ts";
import { median } from "./support/statistics.ts";

const NAME = "bench-noop";

/** Many users: 1,000 users with a job each, beside 1,000 bare net.http_post to a function that does nothing. */
export async function users(options: BenchOptions): Promise<Result> {
  const jobs = options.jobs ?? 1000;
  const runs = options.runs ?? 3;
  const stack = await startBenchStack(jobs);
  try {
    await warmUp(stack, NAME);
    await configure(stack.sql, NAME);
    await posts(stack, 1);
    const ours: number[] = [];
    const bare: number[] = [];
    for (let run = 0; run < runs; run++) {
      bare.push(await posts(stack, jobs));
      await stack.admin`truncate public.job cascade`;
      const start = performance.now();
      await queueMany(stack.sql, { name: NAME, users: stack.users, jobs });
      await untilDone(stack.sql, NAME, 120);
      ours.push((performance.now() - start) / 1000);
    }
    return {
      bench: "users",
      configuration: {
        jobs: `${jobs}, each of a user of its own`,
        runs,
        bare: "net.http_post to a function that answers 204, until every response is there",
        ...await postgresSettings(stack.sql),
      },
      rows: [
        {
          what: "jobs, all completed",
          value: median(ours),
          unit: "s",
          runs: ours,
          target: { claim: "less than the bare posts", met: median(ours) < median(bare) },
        },
        { what: "bare posts, all answered", value: median(bare), unit: "s", runs: bare },
      ],
    };
  } finally {
    await stack.stop();
  }
}

/** Seconds until `count` bare posts are answered. */
async function posts({ sql, admin }: BenchStack, count: number): Promise<number> {
  await admin`truncate net.http_request_queue, net._http_response`;
  const start = performance.now();
  await sql`
    select count(net.http_post(private.supabase_url() || '/functions/v1/bench-plain',
      headers := jsonb_build_object('Content-Type', 'application/json',
        'Authorization', private.generate_user_jwt(null, 'anon', null))))
    from generate_series(1, ${count}::integer)`;
  while (true) {
    const [row] = await sql`
      select count(*)::integer as answered, count(*) filter (where status_code = 204)::integer as good
      from net._http_response`;
    if (row!.answered >= count) {
      if (row!.good !== count) throw new Error(`expected ${count} answers 204, found ${row!.good}`);
      return (performance.now() - start) / 1000;
    }
    if (performance.now() - start > 120_000) throw new Error("no answers in 2 minutes");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
