import { useState } from "react";
import { useSession } from "../../api/context.ts";
import type { JobDetail } from "../../api/types.ts";
import { href, navigate } from "../../lib/router.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { JsonEditor, parseJson } from "../../ui/json_editor.tsx";
import { useAction } from "../../ui/use_action.ts";

/** Queues a new job like this one, with the same body or another. */
export function RunAgainDialog({ job, onClose }: { job: JobDetail["job"]; onClose: () => void }) {
  const { board } = useSession();
  const { busy, act } = useAction();
  const [text, setText] = useState(() => JSON.stringify(job.request_body, null, 2));
  const parsed = parseJson(text);

  const run = () =>
    act(async () => {
      if ("problem" in parsed) return;
      const id = await board.runAgain(job.id, parsed.value);
      onClose();
      navigate(href(`/jobs/${id}`));
      return "A new job is queued; this is it.";
    });

  return (
    <Dialog title={`Run ${job.job_name} again`} onClose={onClose} wide>
      <div className="stack">
        <p>
          A new job with this body, of the same user, is queued. The job that is open stays as it
          is.
        </p>
        <JsonEditor label="Body" text={text} onChange={setText} />
      </div>
      <footer>
        <button type="button" className="button" onClick={onClose}>Close</button>
        <button
          type="button"
          className="button primary"
          disabled={busy || "problem" in parsed}
          onClick={run}
        >
          Queue a new job
        </button>
      </footer>
    </Dialog>
  );
}
