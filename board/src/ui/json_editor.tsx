import { useId } from "react";
import type { Json } from "../api/types.ts";

interface JsonEditorProps {
  label: string;
  text: string;
  onChange: (text: string) => void;
}

/** What a text says as JSON, or why it is none. */
export function parseJson(text: string): { value: Json } | { problem: string } {
  if (text.trim() === "") return { problem: "Expected JSON; {} is the empty object." };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: problemOf(text, error) };
  }
}

/** Browsers name a position in the text; people want its line. */
function problemOf(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const position = message.match(/position (\d+)/)?.[1];
  const what = message.replace(/^JSON\.parse: /, "").replace(/ (in JSON )?at position.*$/s, "");
  if (position === undefined) return `Not JSON: ${what}`;
  const before = text.slice(0, Number(position)).split("\n");
  return `Not JSON: ${what}, line ${before.length}, column ${before.at(-1)!.length + 1}`;
}

/** A field for JSON that says where it is none. */
export function JsonEditor({ label, text, onChange }: JsonEditorProps) {
  const id = useId();
  const parsed = parseJson(text);
  const problem = "problem" in parsed ? parsed.problem : null;
  return (
    <div className="field">
      <div className="field-head">
        <label htmlFor={id}>{label}</label>
        <button
          type="button"
          className="link-button"
          disabled={problem !== null}
          onClick={() => "value" in parsed && onChange(JSON.stringify(parsed.value, null, 2))}
        >
          Format
        </button>
      </div>
      <textarea
        id={id}
        className="mono"
        rows={Math.min(Math.max(text.split("\n").length + 1, 5), 18)}
        value={text}
        spellCheck={false}
        aria-invalid={problem !== null}
        aria-describedby={`${id}-problem`}
        onChange={(event) => onChange(event.target.value)}
      />
      <p id={`${id}-problem`} className="problem" role="status">{problem}</p>
    </div>
  );
}
