import { useSession } from "../../api/context.ts";
import type { JobRow } from "../../api/types.ts";
import { JobLine } from "./job_line.tsx";
import type { SelectionState } from "./use_selection.ts";

/** The jobs of one page of the list. */
export function JobsTable({ jobs, selection }: { jobs: JobRow[]; selection: SelectionState }) {
  const { isOperator } = useSession();
  return (
    <table className="table jobs">
      <caption className="hidden">Jobs, the newest first</caption>
      <thead>
        <tr>
          <th scope="col" className="tick">
            <input
              type="checkbox"
              aria-label="Select all jobs of this page"
              checked={selection.wholePage}
              onChange={selection.togglePage}
            />
          </th>
          <th scope="col">State</th>
          <th scope="col">Job</th>
          {isOperator && <th scope="col" className="wide-only">User</th>}
          <th scope="col" className="number wide-only">Tries</th>
          <th scope="col" className="number">Queued</th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <JobLine
            key={job.id}
            job={job}
            showUser={isOperator}
            selected={selection.all || selection.ids.has(job.id)}
            onToggle={() => selection.toggle(job.id)}
          />
        ))}
      </tbody>
    </table>
  );
}

/** Moves the focus from the job that has it to its neighbour, or to the first. */
export function moveFocus(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>(".jobs a.job-link")];
  const row = document.activeElement?.closest("tr");
  const at = links.findIndex((link) => link.closest("tr") === row);
  const next = at === -1 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1);
  links[next]?.focus();
}
