import { useState } from "react";
import { useSession } from "../../api/context.ts";
import type { Name, NameSettings } from "../../api/types.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { useAction } from "../../ui/use_action.ts";

type Setting = Exclude<keyof NameSettings, "enabled">;

interface FieldKind {
  setting: Setting;
  label: string;
  hint: string;
  kind: "number" | "text";
  /** Empty means null: no limit. */
  optional?: boolean;
}

const FIELDS: FieldKind[] = [
  { setting: "concurrency_limit", label: "At once per user", hint: "jobs", kind: "number" },
  {
    setting: "global_concurrency_limit",
    label: "At once in all",
    hint: "jobs; empty: no limit",
    kind: "number",
    optional: true,
  },
  {
    setting: "rate_limit",
    label: "Starts per period",
    hint: "jobs; empty: no limit",
    kind: "number",
    optional: true,
  },
  { setting: "rate_period", label: "Period of the rate", hint: "such as 00:01:00", kind: "text" },
  {
    setting: "max_pending",
    label: "Waiting per user",
    hint: "jobs; empty: no limit",
    kind: "number",
    optional: true,
  },
  {
    setting: "linger_seconds",
    label: "Linger",
    hint: "seconds a function waits for more work",
    kind: "number",
  },
  {
    setting: "lease_seconds",
    label: "Lease",
    hint: "seconds it may stay silent",
    kind: "number",
  },
  {
    setting: "response_timeout_seconds",
    label: "Answer within",
    hint: "seconds",
    kind: "number",
  },
  { setting: "backoff_seconds", label: "Back-off", hint: "seconds, doubles", kind: "number" },
  { setting: "backoff_max_seconds", label: "Longest back-off", hint: "seconds", kind: "number" },
  { setting: "keep_completed", label: "Keep completed", hint: "such as 7 days", kind: "text" },
  { setting: "keep_failed", label: "Keep failed", hint: "failed and canceled", kind: "text" },
];

/** A name's settings, to be changed by an operator. */
export function NameDialog({ name, onClose }: { name: Name; onClose: () => void }) {
  const { board } = useSession();
  const { busy, act } = useAction();
  const [typed, setTyped] = useState<Partial<Record<Setting, string>>>({});
  const changes = readChanges(name, typed);

  const save = () =>
    act(async () => {
      await board.setName(name.job_name, changes);
      onClose();
      return `${name.job_name} is changed.`;
    });
  const value = (setting: Setting) => typed[setting] ?? `${name[setting] ?? ""}`;
  const set = (setting: Setting) => (event: { target: { value: string } }) =>
    setTyped({ ...typed, [setting]: event.target.value });

  return (
    <Dialog title={name.job_name} onClose={onClose} wide>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <label className="field">
          Description
          <input value={value("description")} onChange={set("description")} />
        </label>
        <div className="grid">
          {FIELDS.map(({ setting, label, hint, kind, optional }) => (
            <label key={setting} className="field">
              {label}
              <input
                type={kind}
                min={kind === "number" ? 0 : undefined}
                required={!optional}
                value={value(setting)}
                onChange={set(setting)}
              />
              <span className="muted small-text">{hint}</span>
            </label>
          ))}
        </div>
        {!name.configured && (
          <p className="muted">
            This name runs with the defaults; saving makes its row of job_config.
          </p>
        )}
        <footer>
          <button type="button" className="button" onClick={onClose}>Close</button>
          <button
            type="submit"
            className="button primary"
            disabled={busy || Object.keys(changes).length === 0}
          >
            Save
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** What differs from the name as it is. */
function readChanges(
  name: Name,
  typed: Partial<Record<Setting, string>>,
): Partial<NameSettings> {
  const changes: Record<string, string | number | null> = {};
  for (const [setting, text] of Object.entries(typed) as [Setting, string][]) {
    if (text === `${name[setting] ?? ""}`) continue;
    const isNumber = FIELDS.some((field) => field.setting === setting && field.kind === "number");
    changes[setting] = text === "" ? null : isNumber ? Number(text) : text;
  }
  return changes as Partial<NameSettings>;
}
