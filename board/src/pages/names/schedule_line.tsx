import { useSession } from "../../api/context.ts";
import type { Schedule } from "../../api/types.ts";
import { href, navigate } from "../../lib/router.ts";
import { Ago } from "../../ui/ago.tsx";
import { Icon } from "../../ui/icon.tsx";
import { StateBadge } from "../../ui/state_badge.tsx";
import { Switch } from "../../ui/switch.tsx";
import { useAction } from "../../ui/use_action.ts";
import { UserName } from "../../ui/user_name.tsx";
import { ScheduleWords } from "./schedule_words.tsx";

/** One recurring job: when in words, its next and last run, run now, pause. */
export function ScheduleLine({ schedule, onChange }: { schedule: Schedule; onChange: () => void }) {
  const { board, isOperator } = useSession();
  const { busy, act } = useAction();
  const { id, name, job_name, enabled, changed } = schedule;

  const turn = (on: boolean) =>
    act(async () => {
      await board.setSchedule(id, on);
      onChange();
      return on ? `${name} is on.` : `${name} is paused.`;
    });
  const runNow = () =>
    act(async () => {
      navigate(href(`/jobs/${await board.runSchedule(id)}`));
      return `${name} is queued; this is its job.`;
    });

  return (
    <tr className={enabled ? undefined : "off"}>
      <td className="tick">
        <Switch on={enabled} label={`${name} is on`} disabled={busy} onChange={turn} />
      </td>
      <td className="main">
        <span className="job-name">{name}</span>{" "}
        <a href={href("/jobs", { name: job_name })}>{job_name}</a>
        {!enabled && <span className="tag warn">paused</span>}
        <p className="note">
          <ScheduleWords schedule={schedule} />
        </p>
        {schedule.last_error && <p className="note bad">{schedule.last_error}</p>}
        {changed && (
          <p className="note small-text">
            {changed.what}, by {changed.by} <Ago at={changed.at} />
          </p>
        )}
      </td>
      {isOperator && (
        <td className="wide-only user">
          <UserName id={schedule.user_id} email={schedule.user_email} />
        </td>
      )}
      <td className="number">
        {enabled && schedule.next_at ? <Ago at={schedule.next_at} /> : "–"}
      </td>
      <td className="wide-only">
        {schedule.last_job_id && schedule.last_at
          ? (
            <a className="last" href={href(`/jobs/${schedule.last_job_id}`)}>
              {schedule.last_job_state && <StateBadge state={schedule.last_job_state} />}
              <Ago at={schedule.last_at} />
            </a>
          )
          : <span className="muted">never</span>}
      </td>
      <td className="tick">
        <button
          type="button"
          className="icon-button"
          disabled={busy}
          aria-label={`Run ${name} now`}
          title="Run now"
          onClick={runNow}
        >
          <Icon name="play" />
        </button>
      </td>
    </tr>
  );
}
