import { useMemo, useState } from "react";
import type { JobRow } from "../../api/types.ts";

export interface SelectionState {
  /** The jobs chosen one by one. */
  ids: Set<string>;
  /** Everything that matches is chosen, also what is not on this page. */
  all: boolean;
  /** Every job of this page is chosen. */
  wholePage: boolean;
  toggle: (id: string) => void;
  togglePage: () => void;
  selectAll: () => void;
  clear: () => void;
}

/** Which jobs are chosen; another filter (`key`) chooses none. */
export function useSelection(rows: JobRow[], key: string): SelectionState {
  const [chosen, setChosen] = useState({ key, ids: new Set<string>(), all: false });
  const { ids, all } = chosen.key === key ? chosen : { ids: new Set<string>(), all: false };
  const wholePage = rows.length > 0 && (all || rows.every(({ id }) => ids.has(id)));
  return useMemo(() => {
    const set = (next: Set<string>, everything = false) =>
      setChosen({ key, ids: next, all: everything });
    return {
      ids,
      all,
      wholePage,
      toggle: (id) => {
        const next = new Set(all ? rows.map((row) => row.id) : ids);
        if (!next.delete(id)) next.add(id);
        set(next);
      },
      togglePage: () => set(wholePage ? new Set() : new Set([...ids, ...rows.map(({ id }) => id)])),
      selectAll: () => set(new Set(rows.map(({ id }) => id)), true),
      clear: () => set(new Set()),
    };
  }, [chosen, key, rows, all, wholePage]);
}
