import { type Counts, STATES } from "../../api/types.ts";
import type { FilterText } from "../../lib/filter.ts";
import { capped } from "../../lib/format.ts";
import { href } from "../../lib/router.ts";

/** The states with how many jobs are in each, under the other filters. */
export function StateTabs({ text, counts }: { text: FilterText; counts: Counts | undefined }) {
  const tabs = ["", ...STATES] as const;
  return (
    <nav className="tabs" aria-label="States">
      {tabs.map((state) => (
        <a
          key={state}
          href={href("/jobs", { ...text, state })}
          aria-current={text.state === state ? "true" : undefined}
          className={state || "every"}
        >
          {state && <span className="dot" aria-hidden="true" />}
          {state || "all jobs"}
          {state && counts && (
            <span className="count" title={counts.partial ? "at least this many" : undefined}>
              {counts.partial && "≥ "}
              {capped(counts[state], counts.cap)}
            </span>
          )}
        </a>
      ))}
    </nav>
  );
}
