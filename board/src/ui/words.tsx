import type { ReactNode } from "react";
import { useNow } from "../lib/clock.ts";
import { absolute, clock, duration, relative } from "../lib/format.ts";
import { JobId } from "./job_id.tsx";

const TIME = /\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d(?::?\d\d)?|Z)/;
const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const INTERVAL = /\b\d\d:\d\d:\d\d\b/;
const PARTS = new RegExp(`(${TIME.source})|(${ID.source})|(${INTERVAL.source})`, "g");

/**
 * A sentence of the database: its times as the reader's, its intervals in short, its job ids as links.
 */
export function Words({ text }: { text: string }) {
  const now = useNow();
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(PARTS)) {
    parts.push(text.slice(end, match.index));
    const [all, time, id, interval] = match;
    const key = match.index;
    if (time) parts.push(<Moment key={key} time={time} now={now} />);
    else if (id) parts.push(<JobId key={key} id={id} />);
    else if (interval) parts.push(duration(secondsOf(interval)));
    end = key + all.length;
  }
  parts.push(text.slice(end));
  return <>{parts}</>;
}

function secondsOf(interval: string): number {
  return interval.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** "12:00:03 (4 min ago)" within half a day, else with its date. */
function Moment({ time, now }: { time: string; now: number }) {
  const iso = time.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");
  const isNear = Math.abs(now - Date.parse(iso)) < 12 * 3_600_000;
  return (
    <time dateTime={iso} title={absolute(iso)}>
      {isNear ? clock(iso) : absolute(iso)} ({relative(iso, now)})
    </time>
  );
}
