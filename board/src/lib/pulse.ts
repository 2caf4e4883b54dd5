import { useSyncExternalStore } from "react";

/** How the page keeps up: the pause before the next request, null while it does not ask. */
export interface Pulse {
  pause: number | null;
  failed: boolean;
}

let pulse: Pulse = { pause: 0, failed: false };
const listeners = new Set<() => void>();

/** Notes the state of the latest request. */
export function beat(change: Partial<Pulse>): void {
  pulse = { ...pulse, ...change };
  for (const listener of listeners) listener();
}

/** How the page keeps up now. */
export function usePulse(): Pulse {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, () => pulse);
}
