interface SwitchProps {
  on: boolean;
  label: string;
  disabled?: boolean;
  onChange: (on: boolean) => void;
}

/** Something that is on or off. */
export function Switch({ on, label, disabled, onChange }: SwitchProps) {
  return (
    <input
      type="checkbox"
      role="switch"
      className="switch"
      checked={on}
      aria-label={label}
      title={label}
      disabled={disabled}
      onChange={(event) => onChange(event.target.checked)}
    />
  );
}
