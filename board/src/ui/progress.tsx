import type { Json } from "../api/types.ts";

/** What a function reports as progress: a share or a percentage as a bar, anything else in words. */
export function Progress({ value }: { value: Json }) {
  const share = shareOf(value);
  const words = typeof value === "string" ? value : JSON.stringify(value);
  return (
    <p className="note progress">
      {share !== null && (
        <progress max={1} value={share} aria-label="Progress">{Math.round(share * 100)} %</progress>
      )}
      <span>{words}</span>
    </p>
  );
}

/** 0 to 1, from a share, a percentage, or {done, total} by whichever names. */
export function shareOf(value: Json): number | null {
  if (typeof value === "number") {
    if (value < 0 || value > 100) return null;
    return value <= 1 ? value : value / 100;
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  const total = firstNumber(value, ["total", "of", "count"]);
  const done = firstNumber(value, ["done", "processed", "current", "rows", "completed"]);
  if (total && done !== null) return Math.min(done / total, 1);
  const percent = firstNumber(value, ["percent", "percentage", "progress"]);
  return percent === null ? null : shareOf(percent);
}

function firstNumber(value: { [key: string]: Json }, keys: string[]): number | null {
  for (const key of keys) {
    const found = value[key];
    if (typeof found === "number") return found;
  }
  return null;
}
