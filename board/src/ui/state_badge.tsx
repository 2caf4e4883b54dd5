import type { JobState } from "../api/types.ts";

/** A job's state: a word and its colour. */
export function StateBadge({ state, stopping }: { state: JobState; stopping?: boolean }) {
  return (
    <span className={`badge ${state}`}>
      <span className="dot" aria-hidden="true" />
      {stopping ? "stopping" : state}
    </span>
  );
}
