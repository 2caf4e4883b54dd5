import { duration } from "../lib/format.ts";
import { usePulse } from "../lib/pulse.ts";

/** Whether the page keeps itself up to date, and how often. */
export function LiveMark() {
  const { pause, failed } = usePulse();
  const state = failed ? "failed" : pause === null ? "paused" : "live";
  const text = failed ? "Not reached" : pause === null ? "Paused" : "Live";
  const often = pause ? `asks every ${duration(Math.round(pause / 1000))}` : "does not ask now";
  return (
    <div
      className={`live ${state}`}
      title={`This page ${often}; it slows down while nothing changes`}
    >
      <span className="dot" aria-hidden="true" /> {text}
    </div>
  );
}
