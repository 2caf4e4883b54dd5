import { Dialog } from "../ui/dialog.tsx";

const KEYS: [string, string][] = [
  ["g o", "Overview"],
  ["g j", "Jobs"],
  ["g n", "Names"],
  ["n", "New job"],
  ["/", "Filter the list"],
  ["j  ↓", "Next job of the list"],
  ["k  ↑", "Previous job of the list"],
  ["Enter", "Open the job"],
  ["x", "Select the job"],
  ["Esc", "Close, or clear the selection"],
  ["r", "Retry the job that is open, or those selected"],
  ["?", "This help"],
];

/** The keys there are. */
export function Help({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl className="keys">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>{keys.split(/\s+/).map((key) => <kbd key={key}>{key}</kbd>)}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
