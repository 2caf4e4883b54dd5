import { Component, type ReactNode } from "react";
import { messageOf } from "../lib/errors.ts";

/** Says so when a page breaks, instead of leaving it blank. React asks for a class here. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return (
      <main id="content">
        <p className="notice error" role="alert">
          <span>This page broke: {messageOf(this.state.error)}</span>
          <button type="button" className="button small" onClick={() => location.reload()}>
            Load it again
          </button>
        </p>
      </main>
    );
  }
}
