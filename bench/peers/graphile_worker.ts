// Runs jobs through graphile-worker's default preset: deno run -A graphile_worker.ts URL JOBS SESSIONS
import { Logger, makeWorkerUtils, run, WorkerPreset } from "graphile-worker";
import { EventEmitter } from "node:events";
import { tell } from "./told.ts";

const [connectionString, jobs, sessions] = [
  Deno.args[0]!,
  Number(Deno.args[1]),
  Number(Deno.args[2]),
];
const preset = {
  extends: [WorkerPreset],
  worker: { connectionString, concurrentJobs: sessions, logger: new Logger(() => () => {}) },
};

const utils = await makeWorkerUtils({ preset });
await utils.migrate();
await utils.withPgClient(async (client) => {
  await client.query("delete from graphile_worker._private_jobs");
  await client.query(
    "select graphile_worker.add_job('noop') from generate_series(1, $1::integer)",
    [jobs],
  );
  await client.query("vacuum analyze graphile_worker._private_jobs");
});
await utils.release();

const events = new EventEmitter();
let start = 0;
let done = 0;
const finished = new Promise<number>((resolve) => {
  events.on("worker:getJob:start", () => start ||= performance.now());
  events.on("job:complete", () => ++done === jobs && resolve(performance.now() - start));
});
await tell("ready");
const runner = await run({
  preset,
  // deno-lint-ignore no-explicit-any -- the package's own emitter type is not exported
  events: events as any,
  taskList: { noop: () => {} },
  parsedCronItems: [],
});
await tell(`milliseconds ${await finished}`);
await runner.stop();
Deno.exit(0);
