import { useMemo, useSyncExternalStore } from "react";

/** Where the page is: `#/jobs/ID?a=b` is the path ["jobs", "ID"] and the parameter a. */
export interface Route {
  path: string[];
  params: URLSearchParams;
}

// The hash, because every static host serves it, below whatever path.
const listeners = new Set<() => void>();

globalThis.addEventListener("hashchange", notify);

function notify(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Reads a location's hash. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
  return {
    path: path.split("/").filter(Boolean).map(decodeURIComponent),
    params: new URLSearchParams(query),
  };
}

/** The hash of a path with parameters; empty ones are left out. */
export function href(path: string, params: Record<string, string | null | undefined> = {}): string {
  const filled = Object.entries(params).filter((entry): entry is [string, string] => !!entry[1]);
  const query = new URLSearchParams(filled).toString();
  return `#${path}${query ? `?${query}` : ""}`;
}

/** Goes to a hash; `replace` leaves no entry in the history. */
export function navigate(hash: string, options: { replace?: boolean } = {}): void {
  if (!options.replace) {
    location.hash = hash;
    return;
  }
  history.replaceState(history.state, "", hash);
  notify();
}

/** The route the page is at. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return useMemo(() => parseRoute(hash), [hash]);
}
