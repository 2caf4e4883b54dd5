import type { ReactNode } from "react";
import { isUnreachable, messageOf } from "../lib/errors.ts";
import { Icon } from "./icon.tsx";

/** Nothing to show, and what that means. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children && <div className="muted">{children}</div>}
    </div>
  );
}

/** The first answer is under way. */
export function Loading({ rows = 6 }: { rows?: number }) {
  return (
    <div className="loading" role="status">
      <span className="hidden">Loading</span>
      {Array.from({ length: rows }, (_, i) => <div key={i} className="skeleton" />)}
    </div>
  );
}

interface FailedProps {
  error: unknown;
  onRetry: () => void;
  /** There are older answers below. */
  stale?: boolean;
}

/** The latest request failed. */
export function Failed({ error, onRetry, stale }: FailedProps) {
  const text = isUnreachable(error)
    ? "The project cannot be reached. It is tried again by itself."
    : messageOf(error);
  return (
    <div className="notice error" role="alert">
      <Icon name="warning" />
      <span>{text}{stale && " What is shown below is older."}</span>
      <button type="button" className="button small" onClick={onRetry}>Try now</button>
    </div>
  );
}
