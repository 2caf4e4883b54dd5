import { lazy, Suspense } from "react";
import { useSession } from "../../api/context.ts";
import type { Overview, Span } from "../../api/types.ts";
import { useLive } from "../../lib/live.ts";
import { href, useRoute } from "../../lib/router.ts";
import { Page } from "../../ui/page.tsx";
import { Empty, Failed, Loading } from "../../ui/states.tsx";
import { Failing } from "./failing.tsx";
import { FlowTable } from "./flow_table.tsx";
import { FullLanes } from "./full_lanes.tsx";
import { HealthStrip } from "./health_strip.tsx";
import { Tiles } from "./tiles.tsx";

const FlowPlot = lazy(() => import("./flow_plot.tsx"));
const SPANS: Span[] = ["hour", "day", "week"];

/** Whether work flows: what came, what went, what waits and why. */
export function OverviewPage() {
  const { board } = useSession();
  const { params } = useRoute();
  const span = SPANS.find((each) => each === params.get("span")) ?? "hour";
  const name = params.get("name");
  const live = useLive(span, (signal) => board.overview(span, signal));
  const { error, refresh } = live;
  const data = live.data ?? live.previous;
  return (
    <Page
      title="Overview"
      name="Overview"
      actions={
        <nav className="segments" aria-label="Span">
          {SPANS.map((each) => (
            <a
              key={each}
              href={href("/", { span: each === "hour" ? null : each, name })}
              aria-current={each === span ? "true" : undefined}
            >
              {each}
            </a>
          ))}
        </nav>
      }
    >
      {error !== undefined && <Failed error={error} onRetry={refresh} stale={data !== undefined} />}
      {live.loading && !data && <Loading rows={5} />}
      {data && <Flow overview={data} name={name} />}
    </Page>
  );
}

function Flow({ overview, name }: { overview: Overview; name: string | null }) {
  const flow = overview.names.find((each) => each.job_name !== null && each.job_name === name);
  const title = `${flow?.job_name ?? "All jobs"}, last ${overview.span}`;
  const isEmpty = overview.names.length === 0 && overview.now.due + overview.now.delayed +
          overview.now.running === 0;
  return (
    <>
      <HealthStrip health={overview.health} />
      <Tiles overview={overview} />
      <section className="card" aria-label="Flow">
        <div className="card-head">
          <h2>{title}</h2>
          {flow && <a href={href("/", { span: overview.span })}>Show all names</a>}
        </div>
        {isEmpty
          ? (
            <Empty title={`Nothing was queued in the last ${overview.span}.`}>
              <a href={href("/new")}>Queue a job</a>
            </Empty>
          )
          : (
            <Suspense fallback={<div className="plot" />}>
              <FlowPlot overview={overview} flow={flow ?? null} label={title} />
            </Suspense>
          )}
        {overview.partial && <p className="muted small-text">Only your newest jobs are counted.</p>}
      </section>
      <div className="columns even">
        <div className="column">
          {overview.names.length > 0 && <FlowTable overview={overview} chosen={name} />}
        </div>
        <div className="column">
          <Failing failing={overview.failing} />
          <FullLanes lanes={overview.full_lanes} />
        </div>
      </div>
    </>
  );
}
