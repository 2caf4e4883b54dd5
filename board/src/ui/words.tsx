import type { ReactNode } from "react";
import { useNow } from "../lib/clock.ts";
import { absolute, clock, relative, shortId } from "../lib/format.ts";
import { href } from "../lib/router.ts";

const PARTS =
  /(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:[+-]\d\d(?::?\d\d)?|Z))|([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/g;

/** A sentence of the database: its times as the reader's, its job ids as links. */
export function Words({ text }: { text: string }) {
  const now = useNow();
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(PARTS)) {
    parts.push(text.slice(end, match.index));
    const [all, time, id] = match;
    parts.push(
      time
        ? <Moment key={match.index} time={time} now={now} />
        : (
          <a key={match.index} className="mono" href={href(`/jobs/${id}`)} title={id}>
            {shortId(id!)}
          </a>
        ),
    );
    end = match.index + all.length;
  }
  parts.push(text.slice(end));
  return <>{parts}</>;
}

/** "at 12:00:03 (4 min ago)" today, with its date on other days. */
function Moment({ time, now }: { time: string; now: number }) {
  const iso = time.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");
  const isNear = Math.abs(now - Date.parse(iso)) < 12 * 3_600_000;
  return (
    <time dateTime={iso} title={absolute(iso)}>
      {isNear ? clock(iso) : absolute(iso)} ({relative(iso, now)})
    </time>
  );
}
