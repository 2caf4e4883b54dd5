import { useState } from "react";
import { type Action, type Counts, type Filter, STATES } from "../../api/types.ts";
import { capped, plural } from "../../lib/format.ts";
import { useShortcuts } from "../../lib/keyboard.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { ApplyDialog } from "./apply_dialog.tsx";
import type { SelectionState } from "./use_selection.ts";

export const ACTIONS: { action: Action; text: string; icon: IconName }[] = [
  { action: "retry", text: "Retry", icon: "retry" },
  { action: "cancel", text: "Cancel", icon: "stop" },
  { action: "delete", text: "Delete", icon: "trash" },
];

interface SelectionProps {
  selection: SelectionState;
  filter: Filter;
  counts: Counts | undefined;
  onDone: () => void;
}

/** How many jobs are selected and what can be done with them. */
export function Selection({ selection, filter, counts, onDone }: SelectionProps) {
  const [action, setAction] = useState<Action | null>(null);
  const { ids, all, wholePage, clear, selectAll } = selection;
  const isAny = all || ids.size > 0;
  useShortcuts({ "r": () => isAny && setAction("retry") });
  return (
    <>
      {isAny && (
        <div className="selection" role="region" aria-label="Selection">
          <strong aria-live="polite">
            {all ? `All ${matching(filter, counts)} matching` : plural(ids.size, "job")} selected
          </strong>
          {wholePage && !all && (
            <button type="button" className="link-button" onClick={selectAll}>
              Select all {matching(filter, counts)} that match
            </button>
          )}
          <span className="actions">
            {ACTIONS.map(({ action, text, icon }) => (
              <button
                key={action}
                type="button"
                className={action === "delete" ? "button danger" : "button"}
                onClick={() => setAction(action)}
              >
                <Icon name={icon} /> {text}
              </button>
            ))}
            <button type="button" className="button quiet" onClick={clear}>Clear</button>
          </span>
        </div>
      )}
      {action && (
        <ApplyDialog
          action={action}
          chosen={all ? { filter } : { ids: [...ids] }}
          onClose={(changed) => {
            setAction(null);
            if (!changed) return;
            clear();
            onDone();
          }}
        />
      )}
    </>
  );
}

function matching(filter: Filter, counts: Counts | undefined): string {
  if (!counts) return "jobs";
  const states = filter.states ?? STATES;
  const total = states.reduce((sum, state) => sum + counts[state], 0);
  const isCapped = counts.partial || states.some((state) => counts[state] > counts.cap);
  return isCapped ? `${capped(counts.cap + 1, counts.cap)} jobs` : plural(total, "job");
}
