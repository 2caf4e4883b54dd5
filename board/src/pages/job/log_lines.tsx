import { useState } from "react";
import { useSession } from "../../api/context.ts";
import type { LogLine, Logs } from "../../api/types.ts";
import { absolute, clock } from "../../lib/format.ts";
import { Empty } from "../../ui/states.tsx";
import { Words } from "../../ui/words.tsx";
import { useAction } from "../../ui/use_action.ts";

/** The job's log: the latest lines come with every refresh, older ones are read on demand. */
export function LogLines({ id, logs }: { id: string; logs: Logs }) {
  const { board } = useSession();
  const { busy, act } = useAction();
  const [older, setOlder] = useState<Logs>();
  const first = older?.lines[0] ?? logs.lines[0];
  const latest = logs.lines.filter((line) => line.id > (older?.lines.at(-1)?.id ?? 0));
  const hasMore = older ? older.more : logs.more;
  if (!first) return <Empty title="Nothing was logged yet." />;

  const readOlder = () =>
    act(async () => {
      const { lines, more } = await board.logsBefore(id, first.id);
      setOlder({ lines: [...lines, ...older?.lines ?? logs.lines], more });
    });
  return (
    <div className="log" role="log" aria-label="Log" tabIndex={0}>
      {hasMore && (
        <button type="button" className="button small" disabled={busy} onClick={readOlder}>
          Show older lines
        </button>
      )}
      <ol>
        {[...older?.lines ?? [], ...latest].map((line) => <Line key={line.id} line={line} />)}
      </ol>
    </div>
  );
}

function Line({ line: { created_at, level, source, message } }: { line: LogLine }) {
  return (
    <li className={`level-${level.toLowerCase()}`}>
      <time dateTime={created_at} title={absolute(created_at)}>{clock(created_at)}</time>
      <span className="level">{level}</span>
      <span className="message">
        <Words text={message} />
      </span>
      {source !== "engine" && <span className="source">{source}</span>}
    </li>
  );
}
