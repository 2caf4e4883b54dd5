import { useEffect, useMemo } from "react";
import { useSession } from "../../api/context.ts";
import type { Cursor } from "../../api/types.ts";
import { type FilterText, filterText, readFilter } from "../../lib/filter.ts";
import { absolute } from "../../lib/format.ts";
import { useShortcuts } from "../../lib/keyboard.ts";
import { useLive } from "../../lib/live.ts";
import { href, navigate, useRoute } from "../../lib/router.ts";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty, Failed, Loading } from "../../ui/states.tsx";
import { Filters, focusSearch } from "./filters.tsx";
import { noteList } from "./list_href.ts";
import { JobsTable, moveFocus } from "./jobs_table.tsx";
import { Selection } from "./selection.tsx";
import { StateTabs } from "./state_tabs.tsx";
import { useSelection } from "./use_selection.ts";

const PAGE_SIZE = 50;
const COUNTS_PAUSE_MS = 5_000;

/** The list: states with counts, filters, what can be done with some or all of it. */
export function JobsPage() {
  const { board } = useSession();
  const { params } = useRoute();
  const text = useMemo(() => filterText(params), [params]);
  const before = readCursor(params.get("before"));
  const { filter, problems } = useMemo(() => readFilter(text), [text]);
  const isValid = Object.keys(problems).length === 0;
  const key = JSON.stringify(text);

  const counts = useLive(
    isValid ? JSON.stringify({ ...text, state: "" }) : null,
    (signal) => board.counts(readFilter({ ...text, state: "" }).filter, signal),
    { fastest: COUNTS_PAUSE_MS },
  );
  const jobs = useLive(
    isValid ? key + params.get("before") : null,
    (signal) => board.jobs(readFilter(text).filter, before, PAGE_SIZE, signal),
  );
  // Until the answer for another filter is there, the rows of the last one stay, dimmed.
  const shown = jobs.data ?? jobs.previous;
  const rows = shown?.jobs ?? [];
  const selection = useSelection(rows, key);

  useEffect(() => noteList(href("/jobs", Object.fromEntries(params))), [params]);
  useShortcuts({
    "/": focusSearch,
    "j": () => moveFocus(1),
    "ArrowDown": () => moveFocus(1),
    "k": () => moveFocus(-1),
    "ArrowUp": () => moveFocus(-1),
    "x": (event) => {
      const id = (event.target as HTMLElement).closest<HTMLElement>("[data-job]")?.dataset.job;
      if (id) selection.toggle(id);
    },
    "Escape": selection.clear,
  });

  const change = (changes: Partial<FilterText>, replace = false) =>
    navigate(href("/jobs", { ...text, ...changes }), { replace });
  const changed = () => {
    jobs.refresh();
    counts.refresh();
  };

  return (
    <Page title="Jobs" name="Jobs">
      <StateTabs text={text} counts={counts.data} />
      <Filters text={text} problems={problems} onChange={change} />
      {jobs.error !== undefined && (
        <Failed error={jobs.error} onRetry={jobs.refresh} stale={jobs.data !== undefined} />
      )}
      <Selection
        selection={selection}
        filter={filter}
        counts={counts.data}
        onDone={changed}
      />
      {jobs.loading && !shown && <Loading rows={8} />}
      {rows.length > 0 && (
        <div className={jobs.loading ? "busy" : undefined} aria-busy={jobs.loading}>
          <JobsTable jobs={rows} selection={selection} />
        </div>
      )}
      {jobs.data && rows.length === 0 && jobs.data.next === null && (
        <Nothing isFiltered={Object.values(text).some(Boolean)} isFirst={before === null} />
      )}
      {jobs.data?.searched_to && (
        <p className="muted pad" role="status">
          Searched back to {absolute(jobs.data.searched_to)}; older jobs were not looked at yet.
        </p>
      )}
      {jobs.data && (before || jobs.data.next) && (
        <nav className="pager" aria-label="Pages">
          {before && <a className="button" href={href("/jobs", { ...text })}>Newest</a>}
          {jobs.data.next && (
            <a
              className="button"
              href={href("/jobs", {
                ...text,
                before: `${jobs.data.next.created_at}~${jobs.data.next.id}`,
              })}
            >
              {jobs.data.searched_to ? "Search further back" : "Older"}
            </a>
          )}
        </nav>
      )}
    </Page>
  );
}

function Nothing({ isFiltered, isFirst }: { isFiltered: boolean; isFirst: boolean }) {
  if (!isFirst) return <Empty title="No older jobs." />;
  if (isFiltered) {
    return (
      <Empty title="No job matches.">
        <a href={href("/jobs")}>Show all jobs</a>
      </Empty>
    );
  }
  return (
    <Empty title="There are no jobs yet.">
      <a className="button primary" href={href("/new")}>
        <Icon name="plus" /> Queue one
      </a>
    </Empty>
  );
}

function readCursor(text: string | null): Cursor | null {
  const [created_at, id] = text?.split("~") ?? [];
  return created_at && id ? { created_at, id } : null;
}
