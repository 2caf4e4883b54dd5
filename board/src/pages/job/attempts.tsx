import type { Attempt } from "../../api/types.ts";
import { clock, count, duration } from "../../lib/format.ts";
import { useNow } from "../../lib/clock.ts";
import { Ago } from "../../ui/ago.tsx";
import { Empty } from "../../ui/states.tsx";
import { Words } from "../../ui/words.tsx";

const OUTCOMES: Record<NonNullable<Attempt["outcome"]> | "live", { word: string; tone: string }> = {
  live: { word: "running", tone: "running" },
  completed: { word: "completed", tone: "completed" },
  failed: { word: "failed", tone: "failed" },
  failed_permanently: { word: "failed for good", tone: "failed" },
  canceled: { word: "canceled", tone: "canceled" },
  released: { word: "paused itself, no try spent", tone: "pending" },
  expired: { word: "silent past its lease", tone: "failed" },
};

/** Every try at the job, the newest first. */
export function Attempts({ attempts, total }: { attempts: Attempt[]; total: number }) {
  if (attempts.length === 0) return <Empty title="It was not tried yet." />;
  return (
    <>
      <ol className="timeline" reversed>
        {attempts.map((attempt) => <AttemptItem key={attempt.attempt} attempt={attempt} />)}
      </ol>
      {total > attempts.length && (
        <p className="muted">The newest {attempts.length} of {count(total)} attempts.</p>
      )}
    </>
  );
}

function AttemptItem({ attempt }: { attempt: Attempt }) {
  const { rung_at, started_at, finished_at, outcome, status_code, error } = attempt;
  const { word, tone } = OUTCOMES[outcome ?? "live"];
  return (
    <li className={tone}>
      <div className="timeline-head">
        <strong>Attempt {attempt.attempt}</strong>
        <span className={`outcome ${tone}`}>{word}</span>
        {status_code !== null && <code className="status">HTTP {status_code}</code>}
        <span className="muted end">
          <Ago at={rung_at} />
        </span>
      </div>
      {error && (
        <p className="attempt-error">
          <Words text={error} />
        </p>
      )}
      <p className="muted small-text">
        {attempt.handed_over ? "handed over" : "rung"} {clock(rung_at)}
        {started_at && ` · picked up in ${duration(seconds(rung_at, started_at))}`}
        {finished_at
          ? ` · took ${duration(seconds(started_at ?? rung_at, finished_at))}`
          : <Since time={started_at ?? rung_at} />}
        {!finished_at && attempt.heartbeat_at && (
          <>
            {" · last heard of "}
            <Ago at={attempt.heartbeat_at} />
          </>
        )}
      </p>
    </li>
  );
}

function Since({ time }: { time: string }) {
  const now = useNow();
  return ` · for ${duration(Math.max(0, Math.floor((now - Date.parse(time)) / 1000)))}`;
}

function seconds(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 1000;
}
