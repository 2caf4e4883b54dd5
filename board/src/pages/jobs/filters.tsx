import { useState } from "react";
import { useSession } from "../../api/context.ts";
import { type FilterText, isUuid } from "../../lib/filter.ts";
import { href, navigate } from "../../lib/router.ts";
import { DelayedInput } from "../../ui/delayed_input.tsx";
import { Icon } from "../../ui/icon.tsx";
import { NameInput } from "../../ui/name_input.tsx";

const SPANS: [string, string][] = [
  ["", "Any time"],
  ["15m", "Last 15 minutes"],
  ["1h", "Last hour"],
  ["1d", "Last day"],
  ["7d", "Last week"],
];
const SEARCH_ID = "job-search";

/** Puts the cursor into the search field. */
export function focusSearch(): void {
  document.getElementById(SEARCH_ID)?.focus();
}

interface FiltersProps {
  text: FilterText;
  problems: Partial<Record<keyof FilterText, string>>;
  onChange: (changes: Partial<FilterText>, replace?: boolean) => void;
}

/** What the list is narrowed by; all of it is in the URL. */
export function Filters({ text, problems, onChange }: FiltersProps) {
  const { isOperator } = useSession();
  const isRare = Boolean(text.body || text.user || text.to || isExact(text.from));
  const [more, setMore] = useState(isRare);
  const isFiltered = Object.entries(text).some(([field, value]) => field !== "state" && value);
  const search = (typed: string) => {
    if (isUuid(typed.trim())) navigate(href(`/jobs/${typed.trim()}`));
    else onChange({ text: typed }, true);
  };
  const set = (field: keyof FilterText) => (value: string) => onChange({ [field]: value }, true);

  return (
    <search className="filters">
      <div className="filter-row">
        <div className="search">
          <Icon name="search" />
          <DelayedInput
            id={SEARCH_ID}
            type="search"
            label="Text of the error, or a job's id"
            placeholder="Error contains… or a job's id"
            value={text.text}
            problem={problems.text}
            onChange={search}
          />
        </div>
        <NameInput label="Name of the job" value={text.name} onChange={set("name")} />
        <select
          aria-label="When it was queued"
          value={isExact(text.from) || text.to ? "exact" : text.from}
          onChange={(event) =>
            event.target.value === "exact"
              ? setMore(true)
              : onChange({ from: event.target.value, to: "" })}
        >
          {SPANS.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
          <option value="exact">From … to …</option>
        </select>
        <button
          type="button"
          className="button"
          aria-expanded={more}
          aria-controls="more-filters"
          onClick={() => setMore(!more)}
        >
          More
        </button>
        {isFiltered && (
          <a className="button quiet" href={href("/jobs", { state: text.state })}>Clear filters</a>
        )}
      </div>
      {more && (
        <div className="filter-row" id="more-filters">
          <DelayedInput
            type="text"
            className="mono"
            label="Body contains (JSON)"
            placeholder='Body contains, e.g. {"day": "2026-11-24"}'
            value={text.body}
            problem={problems.body}
            onChange={set("body")}
          />
          {isOperator && (
            <DelayedInput
              type="text"
              label="User"
              placeholder="User: e-mail or id"
              value={text.user}
              onChange={set("user")}
            />
          )}
          <span className="labelled">
            <span aria-hidden="true">Queued from</span>
            <DelayedInput
              type="datetime-local"
              label="Queued from"
              value={isExact(text.from) ? text.from : ""}
              problem={problems.from}
              onChange={set("from")}
            />
          </span>
          <span className="labelled">
            <span aria-hidden="true">before</span>
            <DelayedInput
              type="datetime-local"
              label="Queued before"
              value={text.to}
              problem={problems.to}
              onChange={set("to")}
            />
          </span>
        </div>
      )}
    </search>
  );
}

function isExact(from: string): boolean {
  return from !== "" && !/^\d+[mhd]$/.test(from);
}
