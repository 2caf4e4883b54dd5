/** When and how often a new job is tried, as typed. */
export interface When {
  runAt: string;
  priority: string;
  tries: string;
  key: string;
}

interface ScheduleFieldsProps {
  when: When;
  onChange: (when: When) => void;
}

/** The options of a new job that have a default. */
export function ScheduleFields({ when, onChange }: ScheduleFieldsProps) {
  const set = (field: keyof When) => (event: { target: { value: string } }) =>
    onChange({ ...when, [field]: event.target.value });
  return (
    <fieldset className="grid">
      <legend>Options</legend>
      <label className="field">
        Not before
        <input type="datetime-local" value={when.runAt} onChange={set("runAt")} />
      </label>
      <label className="field">
        Tries
        <input
          type="number"
          min={1}
          max={100}
          required
          value={when.tries}
          onChange={set("tries")}
        />
      </label>
      <label className="field">
        Priority
        <input type="number" required value={when.priority} onChange={set("priority")} />
      </label>
      <label className="field">
        Unique key
        <input
          value={when.key}
          maxLength={255}
          placeholder="none"
          autoComplete="off"
          onChange={set("key")}
        />
      </label>
    </fieldset>
  );
}
