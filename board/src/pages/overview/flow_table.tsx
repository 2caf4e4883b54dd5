import type { FlowOfName, Overview } from "../../api/types.ts";
import { count, duration } from "../../lib/format.ts";
import { href } from "../../lib/router.ts";
import { Sparkline } from "./sparkline.tsx";

/** What came and went, a name a line; choosing a name plots it. */
export function FlowTable({ overview, chosen }: { overview: Overview; chosen: string | null }) {
  return (
    <section className="card flush">
      <h2>By name</h2>
      <table className="table">
        <caption className="hidden">Jobs of the last {overview.span} by name</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" className="spark-cell wide-only">
              <span className="hidden">Ended over time</span>
            </th>
            <th scope="col" className="number">Queued</th>
            <th scope="col" className="number">Done</th>
            <th scope="col" className="number">Failed</th>
            <th
              scope="col"
              className="number wide-only"
              title="From queued to started, median and p99"
            >
              Pick-up
            </th>
          </tr>
        </thead>
        <tbody>
          {overview.names.map((flow) => (
            <FlowLine
              key={flow.job_name ?? ""}
              flow={flow}
              overview={overview}
              isChosen={flow.job_name !== null && flow.job_name === chosen}
            />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface FlowLineProps {
  flow: FlowOfName;
  overview: Overview;
  isChosen: boolean;
}

function FlowLine({ flow, overview, isChosen }: FlowLineProps) {
  const { job_name, totals, pick_up } = flow;
  const target = href("/", { span: overview.span, name: isChosen ? null : job_name });
  return (
    <tr className={isChosen ? "selected" : undefined}>
      <td className="main">
        {job_name
          ? (
            <a className="job-name" href={target} aria-current={isChosen ? "true" : undefined}>
              {job_name}
            </a>
          )
          : <span className="muted">all others</span>}
      </td>
      <td className="spark-cell wide-only">
        <Sparkline good={flow.completed} bad={flow.failed} />
      </td>
      <td className="number">{count(totals.queued)}</td>
      <td className="number">{count(totals.completed)}</td>
      <td className="number">
        {totals.failed > 0 && job_name
          ? (
            <a className="bad" href={href("/jobs", { state: "failed", name: job_name })}>
              {count(totals.failed)}
            </a>
          )
          : count(totals.failed)}
      </td>
      <td className="number wide-only" title="Median and p99">
        {pick_up
          ? (
            <>
              {duration(pick_up.p50_ms / 1000)}{" "}
              <span className="muted">{duration(pick_up.p99_ms / 1000)}</span>
            </>
          )
          : <span className="muted">–</span>}
      </td>
    </tr>
  );
}
