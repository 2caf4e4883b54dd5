import { type InputHTMLAttributes, useEffect, useId, useRef, useState } from "react";

interface DelayedInputProps
  extends Omit<InputHTMLAttributes<HTMLInputElement>, "value" | "onChange"> {
  label: string;
  value: string;
  problem?: string;
  onChange: (value: string) => void;
}

const PAUSE_MS = 300;

/** A field that reports what was typed after a short pause. */
export function DelayedInput({ label, value, problem, onChange, ...rest }: DelayedInputProps) {
  const [typed, setTyped] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const problemId = useId();
  useEffect(() => {
    clearTimeout(timer.current);
    setTyped(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  // Another field may have changed the address during the pause: the newest knows of it.
  const newest = useRef(onChange);
  useEffect(() => {
    newest.current = onChange;
  });

  function report(text: string, pause: number) {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => newest.current(text), pause);
  }
  return (
    <span className="delayed">
      <input
        {...rest}
        aria-label={label}
        title={label}
        aria-invalid={problem !== undefined}
        aria-describedby={problem ? problemId : undefined}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          report(event.target.value, PAUSE_MS);
        }}
        onKeyDown={(event) => event.key === "Enter" && report(typed, 0)}
      />
      {problem && <span id={problemId} className="problem" role="status">{problem}</span>}
    </span>
  );
}
