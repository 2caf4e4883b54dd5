// Takes guards out of the engine, to show that the fuzzer would miss them.
import { applyGuardBreak, type Guard } from "../chaos/guard.ts";
import { fuzz } from "./run.ts";

/** A guard, and the finding by which its absence is noticed. */
const GUARDS: (Guard & { sees: RegExp })[] = [
  {
    sees: /^invariant 2: /,
    what: "a report is believed whichever attempt it comes from",
    changes: [{
      function: "private.lock_live_job",
      from: "and a.token = _token and a.finished_at is null and v_job.state = 'running'",
      to: "",
    }],
  },
  {
    sees: /^invariant 3: .* retries/,
    what: "a silent attempt costs no try",
    changes: [{
      function: "private.end_attempt",
      from: "elsif _outcome = 'released' then",
      to: "elsif _outcome in ('released', 'expired') then",
    }],
  },
  {
    sees: /^invariant 4: /,
    what: "a tick gives every lane three slots",
    changes: [{
      function: "private.claim_lanes",
      from: "least(_per_lane, _config.concurrency_limit -",
      to: "least(_per_lane, 3 -",
    }],
  },
  {
    sees: /raised 22P0.*json/,
    what: "an answer's body is cast unguarded, and an error stops the reading",
    changes: [{
      function: "private.json_result",
      from: "exception when others then",
      to: "exception when division_by_zero then",
    }, {
      function: "private.process_jobs",
      from: "exception when others then",
      to: "exception when division_by_zero then",
    }],
  },
  {
    sees: /^invariant 7: /,
    what: "answers to strangers are deleted, too",
    changes: [{
      function: "private.process_jobs",
      from: "if v_ended then",
      to: "delete from net._http_response r where r.error_msg = 'foreign'; if v_ended then",
    }],
  },
  {
    sees: /^invariant 9: .* whose user is /,
    what: "a user's functions find everybody's jobs",
    changes: [{
      function: "private.lock_own_job",
      from: "(v_caller is null or j.user_id = v_caller)",
      to: "true",
    }],
  },
  {
    sees: /^invariant 9: the database would call /,
    what: "a job's name may be anything",
    changes: [{
      function: "private.before_job_write",
      from: "elsif new.job_name !~ '^[a-zA-Z][a-zA-Z0-9_-]{0,127}$' then",
      to: "elsif false then",
    }],
  },
  {
    sees: /raised 22.*(\n.*)*queue_jobs/,
    what: "queue_jobs lets raw errors out",
    changes: [{
      function: "public.queue_jobs",
      from: "when data_exception then",
      to: "when division_by_zero then",
    }],
  },
];

/** Runs the fuzzer without each guard; the exit code: 0 if it noticed every time. */
export async function breakGuards(seed: number): Promise<number> {
  let missed = 0;
  for (const guard of GUARDS) {
    const { findings, cases } = await fuzz({
      seed,
      cases: 5000,
      stopAt: ({ what }) => guard.sees.test(what),
      prepare: ({ sql }) => applyGuardBreak(sql, guard),
    });
    const finding = findings.find(({ what }) => guard.sees.test(what));
    if (!finding) missed++;
    const seen = finding ? `noticed: ${finding.what.slice(0, 120)}` : "NOT NOTICED";
    console.log(`${guard.what}: ${seen} (${cases} cases)`);
  }
  console.log(`\n${GUARDS.length - missed} of ${GUARDS.length} missing guards were noticed`);
  return missed === 0 ? 0 : 1;
}
