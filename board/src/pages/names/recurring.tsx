import { useSession } from "../../api/context.ts";
import { count } from "../../lib/format.ts";
import { useLive } from "../../lib/live.ts";
import { Empty, Failed, Loading } from "../../ui/states.tsx";
import { ScheduleLine } from "./schedule_line.tsx";

/** The jobs that come again. */
export function Recurring() {
  const { board, isOperator } = useSession();
  const { data, error, loading, refresh } = useLive(
    "schedules",
    (signal) => board.schedules(signal),
  );
  return (
    <>
      {error !== undefined && <Failed error={error} onRetry={refresh} stale={data !== undefined} />}
      {loading && <Loading />}
      {data?.schedules.length === 0 && (
        <Empty title="No job comes again.">
          <p>
            <code>select schedule_job('morning', 'send-digest', '30 8 * * mon-fri')</code>
          </p>
        </Empty>
      )}
      {data && data.schedules.length > 0 && (
        <table className="table schedules">
          <caption className="hidden">Recurring jobs, the next first</caption>
          <thead>
            <tr>
              <th scope="col" className="tick">On</th>
              <th scope="col">Job</th>
              {isOperator && <th scope="col" className="wide-only">User</th>}
              <th scope="col" className="number">Next</th>
              <th scope="col" className="wide-only">Last</th>
              <th scope="col">
                <span className="hidden">Run now</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data.schedules.map((schedule) => (
              <ScheduleLine key={schedule.id} schedule={schedule} onChange={refresh} />
            ))}
          </tbody>
        </table>
      )}
      {data?.more && <p className="muted pad">The next {count(data.schedules.length)}.</p>}
    </>
  );
}
