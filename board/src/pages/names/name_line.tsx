import { useSession } from "../../api/context.ts";
import type { JobState, Name } from "../../api/types.ts";
import { capped } from "../../lib/format.ts";
import { href } from "../../lib/router.ts";
import { Ago } from "../../ui/ago.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Switch } from "../../ui/switch.tsx";
import { useAction } from "../../ui/use_action.ts";
import { limitWords } from "./limits.ts";

interface NameLineProps {
  name: Name;
  cap: number;
  onChange: () => void;
  onEdit: () => void;
}

/** One name: on or off, its limits, its jobs. */
export function NameLine({ name, cap, onChange, onEdit }: NameLineProps) {
  const { board, isOperator } = useSession();
  const { busy, act } = useAction();
  const { job_name, enabled, due, delayed, running, failed, changed } = name;

  const turn = (on: boolean) =>
    act(async () => {
      await board.setName(job_name, { enabled: on });
      onChange();
      return on ? `${job_name} is on.` : `${job_name} is paused: its jobs wait.`;
    });

  const number = (value: number | null, state: JobState) => (
    <td className="number">
      {value === 0 ? <span className="muted">0</span> : (
        <a
          className={state === "failed" ? "bad" : undefined}
          href={href("/jobs", { state, name: job_name })}
          aria-label={`${
            value === null ? "" : `${capped(value, cap)} `
          }${state} jobs of ${job_name}`}
        >
          {value === null ? "list" : capped(value, cap)}
        </a>
      )}
    </td>
  );
  return (
    <tr className={enabled ? undefined : "off"}>
      {isOperator && (
        <td className="tick">
          <Switch on={enabled} label={`${job_name} is on`} disabled={busy} onChange={turn} />
        </td>
      )}
      <td className="main">
        <a className="job-name" href={href("/jobs", { name: job_name })}>{job_name}</a>
        {!enabled && <span className="tag warn">paused</span>}
        {name.description && <p className="note">{name.description}</p>}
        {changed && (
          <p className="note small-text">
            {changed.what}, by {changed.by} <Ago at={changed.at} />
          </p>
        )}
      </td>
      <td className="wide-only limits">{limitWords(name)}</td>
      {number(due + delayed, "pending")}
      {number(running, "running")}
      {number(failed, "failed")}
      {isOperator && (
        <td className="tick">
          <button
            type="button"
            className="icon-button"
            aria-label={`Change ${job_name}`}
            title="Change"
            onClick={onEdit}
          >
            <Icon name="edit" />
          </button>
        </td>
      )}
    </tr>
  );
}
