import { useId, useState } from "react";
import { useSession } from "../api/context.ts";
import { DelayedInput } from "./delayed_input.tsx";

interface NameInputProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** A job's name, with the known ones to choose from, which are read when somebody begins to choose. */
export function NameInput({ label, value, onChange }: NameInputProps) {
  const { board } = useSession();
  const [names, setNames] = useState<string[]>();
  const listId = useId();
  // Without suggestions the field still works.
  const load = () =>
    names ??
      board.names().then(({ names }) => setNames(names.map((name) => name.job_name)), () => {});
  return (
    <>
      <DelayedInput
        type="text"
        label={label}
        placeholder="Name"
        list={listId}
        value={value}
        onFocus={load}
        onChange={onChange}
      />
      <datalist id={listId}>
        {names?.map((name) => <option key={name} value={name} />)}
      </datalist>
    </>
  );
}
