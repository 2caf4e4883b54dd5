import { Dialog } from "../../ui/dialog.tsx";

interface DeleteDialogProps {
  busy: boolean;
  onClose: () => void;
  onDelete: () => void;
}

/** Asks before a job is deleted. */
export function DeleteDialog({ busy, onClose, onDelete }: DeleteDialogProps) {
  return (
    <Dialog title="Delete this job?" onClose={onClose}>
      <p>The job, its attempts and its log are gone for good.</p>
      <footer>
        <button type="button" className="button" onClick={onClose}>Keep it</button>
        <button type="button" className="button danger" disabled={busy} onClick={onDelete}>
          Delete
        </button>
      </footer>
    </Dialog>
  );
}
