import { useState } from "react";
import { useSession } from "../../api/context.ts";
import type { Action, JobDetail } from "../../api/types.ts";
import { useShortcuts } from "../../lib/keyboard.ts";
import { navigate } from "../../lib/router.ts";
import { Icon } from "../../ui/icon.tsx";
import { useAction } from "../../ui/use_action.ts";
import { listHref } from "../jobs/list_href.ts";
import { DeleteDialog } from "./delete_dialog.tsx";
import { RunAgainDialog } from "./run_again_dialog.tsx";

const DONE: Record<Action, string> = {
  retry: "Queued again.",
  cancel: "Canceled, or asked to stop.",
  delete: "Deleted.",
};

/** What may be done with the job in its state. */
export function JobActions({ detail, onChange }: { detail: JobDetail; onChange: () => void }) {
  const { board } = useSession();
  const { busy, act } = useAction();
  const [open, setOpen] = useState<"again" | "delete" | null>(null);
  const { job, may } = detail;

  const apply = (action: Action) =>
    act(async () => {
      const { done, skipped } = await board.apply(action, { ids: [job.id] });
      if (done === 0) throw new Error(`Nothing was done: ${reason(Object.keys(skipped)[0])}.`);
      if (action === "delete") navigate(listHref());
      else onChange();
      return DONE[action];
    });
  useShortcuts({ "r": () => may.retry && apply("retry") });

  return (
    <>
      {may.retry && (
        <button
          type="button"
          className="button primary"
          disabled={busy}
          onClick={() => apply("retry")}
        >
          <Icon name="retry" /> Retry
        </button>
      )}
      {may.cancel && (
        <button
          type="button"
          className="button"
          disabled={busy || job.cancel_requested_at !== null}
          onClick={() => apply("cancel")}
        >
          <Icon name="stop" /> {job.state === "running" ? "Stop" : "Cancel"}
        </button>
      )}
      <button type="button" className="button" onClick={() => setOpen("again")}>
        <Icon name="play" /> Run again…
      </button>
      {may.delete && (
        <button
          type="button"
          className="button danger"
          onClick={() => setOpen("delete")}
        >
          <Icon name="trash" /> Delete
        </button>
      )}
      {open === "again" && <RunAgainDialog job={job} onClose={() => setOpen(null)} />}
      {open === "delete" && (
        <DeleteDialog
          busy={busy}
          onClose={() => setOpen(null)}
          onDelete={() => apply("delete").then(() => setOpen(null))}
        />
      )}
    </>
  );
}

function reason(skipped: string | undefined): string {
  switch (skipped) {
    case "unique_key":
      return "another job with its unique key waits or runs";
    case "too_many_waiting":
      return "as many jobs of its name wait as max_pending allows";
    case "busy":
      return "the job is being worked on, try again";
    case "not_found":
      return "the job is gone";
    default:
      return "its state has changed meanwhile";
  }
}
