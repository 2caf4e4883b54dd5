import type { JobRow } from "../../api/types.ts";
import { shortId } from "../../lib/format.ts";
import { href } from "../../lib/router.ts";
import { Ago } from "../../ui/ago.tsx";
import { Progress } from "../../ui/progress.tsx";
import { StateBadge } from "../../ui/state_badge.tsx";
import { UserName } from "../../ui/user_name.tsx";

interface JobLineProps {
  job: JobRow;
  showUser: boolean;
  selected: boolean;
  onToggle: () => void;
}

/** One job of the list. */
export function JobLine({ job, showUser, selected, onToggle }: JobLineProps) {
  return (
    <tr data-job={job.id} className={selected ? "selected" : undefined}>
      <td className="tick">
        <input
          type="checkbox"
          aria-label={`Select ${job.job_name} ${shortId(job.id)}`}
          checked={selected}
          onChange={onToggle}
        />
      </td>
      <td>
        <StateBadge state={job.state} stopping={job.cancel_requested_at !== null} />
      </td>
      <td className="main">
        <a className="job-link" href={href(`/jobs/${job.id}`)}>
          <span className="job-name">{job.job_name}</span>
          <span className="mono muted wide-only" title={job.id}>{shortId(job.id)}</span>
        </a>
        <Note job={job} />
      </td>
      {showUser && (
        <td className="wide-only user">
          <UserName id={job.user_id} email={job.user_email} />
        </td>
      )}
      <td className="number wide-only" title={`${job.retries} of ${job.max_retries} tries failed`}>
        {triesOf(job)}/{job.max_retries}
      </td>
      <td className="number muted">
        <Ago at={job.created_at} />
      </td>
    </tr>
  );
}

/** The tries there were: those that failed, and the one that runs or did it. */
function triesOf({ state, retries }: JobRow): number {
  return retries + (state === "running" || state === "completed" ? 1 : 0);
}

/** What matters most about a job in its state. */
function Note({ job }: { job: JobRow }) {
  if (job.state === "running" && job.progress !== null) return <Progress value={job.progress} />;
  if (job.state === "pending" && job.next_run_at) {
    return (
      <p className="note">
        {job.retries > 0 ? "tried again " : "runs "}
        <Ago at={job.next_run_at} />
        {job.last_error && `: ${job.last_error}`}
      </p>
    );
  }
  if (!job.last_error || job.state === "completed") return null;
  return <p className={job.state === "failed" ? "note bad" : "note"}>{job.last_error}</p>;
}
