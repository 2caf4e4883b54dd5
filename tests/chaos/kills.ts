// Scenarios in which a process dies, is stopped or stays away.
import { setTimeout as pause } from "node:timers/promises";
import { killAndWait, pauseBetween, sendSignal, signalFunctions, takeDown } from "./faults.ts";
import type { Guard } from "./guard.ts";
import type { Scenario } from "./scenario.ts";
import { startStranger } from "./stranger.ts";
import { until } from "./world.ts";

const NEVER_RESET: Guard = {
  what: "silent attempts are never ended",
  changes: [{
    function: "private.reset_stuck_jobs",
    from: "where a.finished_at is null",
    to: "where false",
  }],
};

const ANY_REPORT_COUNTS: Guard = {
  what: "a report is believed whichever attempt it comes from",
  changes: [{
    function: "private.end_attempt",
    from: "if _job.state is distinct from 'running' or _job.attempt <> _attempt then",
    to: "if false then",
  }, {
    function: "public.finish_job",
    from: "v_attempt.outcome is distinct from _outcome and v_attempt.finished_at is not null",
    to: "false",
  }, {
    function: "public.finish_job",
    from: "if v_attempt.finished_at is null then",
    to: "if true then",
  }, {
    function: "private.end_attempt",
    from: "and a.finished_at is null\n    returning a.job_id",
    to: "returning a.job_id",
  }, {
    function: "private.end_attempt",
    from: "from ended e where j.id = e.job_id",
    to: "from ended e where j.id = e.job_id and j.state <> 'pending'",
  }],
};

export const kills: Scenario[] = [
  {
    name: "postgres-killed",
    async fault(world) {
      const stranger = startStranger(world);
      for (let kill = 0; kill < 2; kill++) {
        await killAndWait(world.stack.processes.postgres!);
        await pauseBetween(world, 6, 12);
      }
      await stranger.stop();
    },
    guard: {
      what: "an answer is a ring's whenever their ids are the same",
      changes: [{
        function: "private.process_jobs",
        from: "and a.net_life = (select n.id from private.net_life n)",
        to: "",
      }],
    },
  },
  {
    name: "net-worker-killed",
    milliseconds: [200, 2500],
    async fault(world, load) {
      for (let kill = 0; kill < 5; kill++) {
        // Rings of functions that work on after their answer, in one batch with answers that are slow.
        await Promise.all(
          world.users.slice(kill * 4, kill * 4 + 4).map((user) =>
            load.queue(user, [
              { job_name: "chaos-untouched", request_body: { ms: 4000, expect: ["completed"] } },
              { job_name: "chaos-plain", request_body: { ms: 2500, expect: ["completed"] } },
            ])
          ),
        );
        await pauseBetween(world, 0.2, 1.2);
        await killAndWait(world.stack.processes.net!);
      }
    },
    guard: {
      what: "an attempt starts as often as its ring is delivered",
      changes: [{
        function: "public.start_job",
        from: "and (a.started_at is null or a.call_id = _call_id)",
        to: "",
      }],
    },
  },
  {
    name: "function-killed",
    milliseconds: [50, 1000],
    untouchedWithin: 30,
    async fault(world) {
      for (let kill = 0; kill < 5; kill++) {
        await signalFunctions(world, ["chaos-library", "chaos-plain"], "SIGKILL");
        await pauseBetween(world, 1, 3);
      }
    },
    guard: NEVER_RESET,
  },
  {
    name: "cron-stopped",
    milliseconds: [100, 800],
    fault: (world) => takeDown(world.stack.processes.cron!, () => pauseBetween(world, 120, 150)),
    guard: {
      what: "nothing is rung when it is queued",
      changes: [{
        function: "private.rings_at_once",
        from: "return _config.enabled and",
        to: "return false and",
      }],
    },
  },
  {
    name: "late-finish",
    untouchedWithin: 30,
    async fault(world, load) {
      for (const user of world.users.slice(0, 4)) {
        const request_body = { silentSeconds: 32, expect: ["completed"] };
        await load.queue(user, [{ job_name: "chaos-late", request_body }]);
      }
      const reported = pause(40_000);
      const stopped = await signalFunctions(world, ["chaos-library", "chaos-plain"], "SIGSTOP");
      try {
        await until(async () => {
          const [row] = await world.sql`select count(*)::int as expired from private.job_attempt
            where outcome = 'expired' and started_at is not null`;
          return row!.expired > 3;
        }, 45);
        await pauseBetween(world, 0, 3);
      } finally {
        stopped.forEach((pid) => sendSignal(pid, "SIGCONT"));
      }
      await reported;
    },
    guard: ANY_REPORT_COUNTS,
  },
  {
    name: "gateway-down",
    fault: (world) => takeDown(world.stack.processes.api, () => pauseBetween(world, 4, 8)),
    guard: {
      what: "a ring without an answer fails its job for good",
      changes: [{
        function: "private.apply_response",
        from: "'failed', private.gateway_problem(",
        to: "'failed_permanently', private.gateway_problem(",
      }],
    },
  },
];

export { ANY_REPORT_COUNTS, NEVER_RESET };
