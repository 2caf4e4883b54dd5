import type { ReactNode } from "react";
import type { JobDetail } from "../../api/types.ts";
import { href } from "../../lib/router.ts";
import { Ago } from "../../ui/ago.tsx";
import { UserName } from "../../ui/user_name.tsx";

/** What is known of a job beside its state. */
export function Facts({ job, schedule }: Pick<JobDetail, "job" | "schedule">) {
  return (
    <dl className="facts">
      <Fact name="Name">
        <a href={href("/jobs", { name: job.job_name })}>{job.job_name}</a>
      </Fact>
      <Fact name="User">
        <UserName id={job.user_id} email={job.user_email} />
      </Fact>
      <Fact name="Queued">
        <Ago at={job.created_at} />
      </Fact>
      {job.last_run_at && (
        <Fact name="Last started">
          <Ago at={job.last_run_at} />
        </Fact>
      )}
      {job.next_run_at && (
        <Fact name={job.retries > 0 ? "Next try" : "Runs"}>
          <Ago at={job.next_run_at} />
        </Fact>
      )}
      {job.finished_at && (
        <Fact name="Ended">
          <Ago at={job.finished_at} />
        </Fact>
      )}
      <Fact name="Failed tries">{job.retries} of {job.max_retries}</Fact>
      {job.priority !== 0 && <Fact name="Priority">{job.priority}</Fact>}
      {job.unique_key && (
        <Fact name="Unique key">
          <span className="mono id">{job.unique_key}</span>
        </Fact>
      )}
      {schedule && (
        <Fact name="Recurring">
          <a href={href("/names", { tab: "recurring" })}>{schedule.name}</a>
        </Fact>
      )}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
