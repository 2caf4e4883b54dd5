import { useState } from "react";
import { useSession } from "../../api/context.ts";
import type { Name } from "../../api/types.ts";
import { count } from "../../lib/format.ts";
import { useLive } from "../../lib/live.ts";
import { href, useRoute } from "../../lib/router.ts";
import { Page } from "../../ui/page.tsx";
import { Empty, Failed, Loading } from "../../ui/states.tsx";
import { NameDialog } from "./name_dialog.tsx";
import { NameLine } from "./name_line.tsx";
import { Recurring } from "./recurring.tsx";

/** What jobs there are by name, with their limits, and those that come again. */
export function NamesPage() {
  const { params } = useRoute();
  const isRecurring = params.get("tab") === "recurring";
  return (
    <Page title="Names" name={isRecurring ? "Recurring jobs" : "Names"}>
      <nav className="tabs" aria-label="Names and recurring jobs">
        <a href={href("/names")} aria-current={isRecurring ? undefined : "true"}>Names</a>
        <a
          href={href("/names", { tab: "recurring" })}
          aria-current={isRecurring ? "true" : undefined}
        >
          Recurring
        </a>
      </nav>
      {isRecurring ? <Recurring /> : <NameList />}
    </Page>
  );
}

function NameList() {
  const { board, isOperator } = useSession();
  const { data, error, loading, refresh } = useLive("names", (signal) => board.names(signal));
  const [edited, setEdited] = useState<Name | null>(null);
  return (
    <>
      {error !== undefined && <Failed error={error} onRetry={refresh} stale={data !== undefined} />}
      {loading && <Loading />}
      {data?.names.length === 0 && (
        <Empty title="No names yet.">
          <p>A name appears with its first job, or with its row of job_config.</p>
        </Empty>
      )}
      {data && data.names.length > 0 && (
        <table className="table names">
          <caption className="hidden">Names of jobs</caption>
          <thead>
            <tr>
              {isOperator && <th scope="col" className="tick">On</th>}
              <th scope="col">Name</th>
              <th scope="col" className="wide-only">Limits</th>
              <th scope="col" className="number">Waiting</th>
              <th scope="col" className="number">Running</th>
              <th scope="col" className="number">Failed</th>
              {isOperator && (
                <th scope="col">
                  <span className="hidden">Edit</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {data.names.map((name) => (
              <NameLine
                key={name.job_name}
                name={name}
                cap={data.cap}
                onChange={refresh}
                onEdit={() => setEdited(name)}
              />
            ))}
          </tbody>
        </table>
      )}
      {data?.more && <p className="muted pad">The first {count(data.names.length)} names.</p>}
      {edited && (
        <NameDialog
          name={edited}
          onClose={() => {
            setEdited(null);
            refresh();
          }}
        />
      )}
    </>
  );
}
