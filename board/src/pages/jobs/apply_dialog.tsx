import { useEffect, useState } from "react";
import type { Chosen } from "../../api/board.ts";
import { useSession } from "../../api/context.ts";
import type { Action, Applied, SkipReason } from "../../api/types.ts";
import { messageOf } from "../../lib/errors.ts";
import { count, plural } from "../../lib/format.ts";
import { Dialog } from "../../ui/dialog.tsx";

const WORDS: Record<Action, { title: string; verb: string; done: string; what: string }> = {
  retry: {
    title: "Retry jobs",
    verb: "Retry",
    done: "queued again",
    what: "Failed and canceled jobs are queued again, with all their tries.",
  },
  cancel: {
    title: "Cancel jobs",
    verb: "Cancel",
    done: "canceled or asked to stop",
    what: "Pending jobs are canceled; running ones are asked to stop.",
  },
  delete: {
    title: "Delete jobs",
    verb: "Delete",
    done: "deleted",
    what: "The jobs, their attempts and their logs are gone for good. Running jobs stay.",
  },
};

const REASONS: Record<SkipReason, string> = {
  not_found: "not there any more",
  wrong_state: "in a state it does not fit",
  unique_key: "another job with the same key waits or runs",
  too_many_waiting: "as many of the name wait as its max_pending allows",
  busy: "being worked on at that moment",
};

interface ApplyDialogProps {
  action: Action;
  chosen: Chosen;
  /** `changed`: something may have been done. */
  onClose: (changed: boolean) => void;
}

/** Says how many jobs an action is for, does it once confirmed, and says how it went. */
export function ApplyDialog({ action, chosen, onClose }: ApplyDialogProps) {
  const { board } = useSession();
  const [preview, setPreview] = useState<Applied>();
  const [result, setResult] = useState<Applied>();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const words = WORDS[action];

  useEffect(() => {
    board.apply(action, chosen, true).then(setPreview, (error) => setFailure(messageOf(error)));
  }, []);

  async function apply() {
    setBusy(true);
    setFailure(undefined);
    try {
      const latest = await board.apply(action, chosen);
      setResult((before) => (before ? sum(before, latest) : latest));
    } catch (error) {
      setFailure(messageOf(error));
    } finally {
      setBusy(false);
    }
  }

  const nothing = preview?.matching === 0;
  return (
    <Dialog title={words.title} onClose={() => onClose(result !== undefined)}>
      <div aria-live="polite" className="stack">
        {!result && <p>{words.what}</p>}
        {!preview && !failure && <p className="muted">Counting…</p>}
        {preview && !result && <Preview preview={preview} />}
        {result && <Result result={result} done={words.done} />}
        {failure && <p className="notice error" role="alert">{failure}</p>}
      </div>
      <footer>
        <button type="button" className="button" onClick={() => onClose(result !== undefined)}>
          {result || nothing ? "Close" : "Back"}
        </button>
        {(!result || result.remaining) && (
          <button
            type="button"
            className={action === "delete" ? "button danger" : "button primary"}
            disabled={!preview || nothing || busy}
            onClick={apply}
          >
            {busy
              ? "Working…"
              : result
              ? "Go on with the next"
              : `${words.verb} ${preview ? amount(preview) : ""}`}
          </button>
        )}
      </footer>
    </Dialog>
  );
}

function amount(preview: Applied): string {
  return plural(Math.min(preview.matching, preview.cap), "job");
}

function Preview({ preview }: { preview: Applied }) {
  const { matching, matching_capped: isCapped, partial, cap } = preview;
  if (matching === 0) return <p>None of them is in a state this fits.</p>;
  return (
    <p>
      <strong>
        {partial && "At least "}
        {isCapped ? `more than ${count(10_000)} jobs` : plural(matching, "job")}
      </strong>{" "}
      {matching === 1 ? "fits" : "fit"}.{" "}
      {matching > cap && `The newest ${count(cap)} are done now; then you can go on.`}
    </p>
  );
}

function Result({ result, done }: { result: Applied; done: string }) {
  const skipped = Object.entries(result.skipped) as [SkipReason, number][];
  return (
    <>
      <p>
        <strong>{plural(result.done, "job")}</strong> {done}.
      </p>
      {skipped.length > 0 && (
        <ul>
          {skipped.map(([reason, jobs]) => (
            <li key={reason}>{plural(jobs, "job")} skipped: {REASONS[reason]}</li>
          ))}
        </ul>
      )}
      {result.remaining && <p>More jobs match.</p>}
    </>
  );
}

function sum(a: Applied, b: Applied): Applied {
  const skipped = { ...a.skipped };
  for (const [reason, jobs] of Object.entries(b.skipped) as [SkipReason, number][]) {
    skipped[reason] = (skipped[reason] ?? 0) + jobs;
  }
  return { ...b, done: a.done + b.done, skipped };
}
