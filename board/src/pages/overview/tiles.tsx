import type { ReactNode } from "react";
import type { Overview } from "../../api/types.ts";
import { capped, count, duration } from "../../lib/format.ts";
import { href } from "../../lib/router.ts";
import { Ago } from "../../ui/ago.tsx";

/** The numbers that answer "does work flow?". */
export function Tiles({ overview }: { overview: Overview }) {
  const { now, totals, pick_up: pickUp, oldest_due: oldest, span } = overview;
  const since = { hour: "1h", day: "1d", week: "7d" }[span];
  return (
    <ul className="tiles">
      <Tile
        label="Waiting"
        value={capped(now.due, now.cap)}
        to={href("/jobs", { state: "pending" })}
        note={oldest
          ? (
            <>
              oldest <Ago at={oldest.created_at} />
            </>
          )
          : now.delayed > 0
          ? `and ${capped(now.delayed, now.cap)} later`
          : "nothing is due"}
        noteTo={oldest ? href(`/jobs/${oldest.id}`) : undefined}
      />
      <Tile
        label="Running"
        value={capped(now.running, now.cap)}
        to={href("/jobs", { state: "running" })}
        note="now"
      />
      <Tile
        label="Completed"
        value={count(totals.completed)}
        to={href("/jobs", { state: "completed" })}
        note={`of ${count(totals.queued)} queued`}
      />
      <Tile
        label="Failed"
        value={count(totals.failed)}
        to={href("/jobs", { state: "failed", from: since })}
        tone={totals.failed > 0 ? "bad" : undefined}
        note={share(totals.failed, totals.failed + totals.completed)}
      />
      <Tile
        label="Pick-up"
        value={pickUp ? duration(pickUp.p50_ms / 1000) : "–"}
        note={pickUp ? `p99 ${duration(pickUp.p99_ms / 1000)}` : "nothing was started"}
      />
    </ul>
  );
}

interface TileProps {
  label: string;
  value: string;
  note: ReactNode;
  to?: string;
  noteTo?: string;
  tone?: "bad";
}

function Tile({ label, value, note, to, noteTo, tone }: TileProps) {
  return (
    <li className={tone ? `tile ${tone}` : "tile"}>
      <span className="tile-label">{label}</span>
      {to
        ? <a className="tile-value" href={to} aria-label={`${label}: ${value}`}>{value}</a>
        : <span className="tile-value">{value}</span>}
      {noteTo
        ? <a className="tile-note" href={noteTo}>{note}</a>
        : <span className="tile-note">{note}</span>}
    </li>
  );
}

function share(part: number, whole: number): string {
  if (whole === 0) return "nothing ended";
  const percent = (part / whole) * 100;
  return `${
    percent > 0 && percent < 0.1 ? "<0.1" : percent.toFixed(percent < 10 ? 1 : 0)
  } % of those ended`;
}
