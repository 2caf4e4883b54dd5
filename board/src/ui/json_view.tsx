import { type ReactNode, useMemo, useState } from "react";
import type { Json } from "../api/types.ts";
import { count } from "../lib/format.ts";
import { CopyButton } from "./copy_button.tsx";

const SHOWN_LINES = 40;
const TOKEN =
  /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

/** JSON in lines, in colours, cut where it is long. */
export function JsonView({ value, label }: { value: Json; label: string }) {
  const [whole, setWhole] = useState(false);
  const text = useMemo(() => JSON.stringify(value, null, 2), [value]);
  const lines = text.split("\n");
  const isCut = !whole && lines.length > SHOWN_LINES;
  return (
    <div className="json">
      <div className="json-tools">
        <CopyButton text={text} what={label} />
      </div>
      <pre tabIndex={0} role="region" aria-label={label}>
        <code>{coloured(isCut ? lines.slice(0, SHOWN_LINES).join("\n") : text)}</code>
      </pre>
      {isCut && (
        <button type="button" className="button small" onClick={() => setWhole(true)}>
          Show all {count(lines.length)} lines
        </button>
      )}
    </div>
  );
}

function coloured(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [all, string, colon, word] = match;
    parts.push(text.slice(end, match.index));
    const kind = string ? (colon ? "key" : "string") : word ? "word" : "number";
    parts.push(<span key={match.index} className={`json-${kind}`}>{string ?? all}</span>);
    if (colon) parts.push(colon);
    end = match.index + all.length;
  }
  parts.push(text.slice(end));
  return parts;
}
