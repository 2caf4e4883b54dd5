// Runs jobs through pg-boss, claim and finish one by one: deno run -A pg_boss.ts URL JOBS SESSIONS
import { PgBoss } from "pg-boss";
import { tell } from "./told.ts";

const [connectionString, jobs, sessions] = [
  Deno.args[0]!,
  Number(Deno.args[1]),
  Number(Deno.args[2]),
];
const boss = new PgBoss({ connectionString, max: sessions, supervise: false, schedule: false });
boss.on("error", (error) => console.error(error));
await boss.start();
await boss.createQueue("noop").catch(() => {});
await boss.deleteAllJobs("noop");
for (let queued = 0; queued < jobs; queued += 1000) {
  const count = Math.min(1000, jobs - queued);
  await boss.insert("noop", Array.from({ length: count }, () => ({ data: {} })));
}
await boss.getDb().executeSql("vacuum analyze pgboss.job");

await tell("ready");
let done = 0;
const start = performance.now();
await Promise.all(Array.from({ length: sessions }, async () => {
  while (true) {
    const [job] = await boss.fetch("noop");
    if (!job) return;
    await boss.complete("noop", job.id);
    done++;
  }
}));
const milliseconds = performance.now() - start;
if (done !== jobs) throw new Error(`expected ${jobs} jobs done, found ${done}`);
await tell(`milliseconds ${milliseconds}`);
await boss.stop({ graceful: false });
Deno.exit(0);
