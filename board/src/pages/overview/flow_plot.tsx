import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { FlowOfName, Overview, Totals } from "../../api/types.ts";
import { count } from "../../lib/format.ts";

const HEIGHT = 220;

interface FlowPlotProps {
  overview: Overview;
  /** Null: all names together. */
  flow: FlowOfName | null;
  label: string;
}

/** What was queued, as a line over bars of what completed and failed. Loaded late: uPlot comes with it. */
export default function FlowPlot({ overview, flow, label }: FlowPlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const data = seriesOf(overview, flow);
  const latest = useRef(data);
  latest.current = data;
  const [pointed, setPointed] = useState<number | null>(null);
  const totals = flow?.totals ?? overview.totals;

  useEffect(() => {
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(
        options(box.current!, overview.bucket_seconds, setPointed),
        latest.current,
        box.current!,
      );
    };
    draw();
    const resized = new ResizeObserver(() =>
      plot.current?.setSize({ width: box.current!.clientWidth, height: HEIGHT })
    );
    resized.observe(box.current!);
    // The canvas does not follow custom properties by itself.
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    addEventListener("themechange", draw);
    return () => {
      resized.disconnect();
      dark.removeEventListener("change", draw);
      removeEventListener("themechange", draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [overview.bucket_seconds]);

  const text = JSON.stringify(data);
  useEffect(() => plot.current?.setData(latest.current), [text]);

  return (
    <>
      <Legend overview={overview} data={data} totals={totals} pointed={pointed} />
      <div
        ref={box}
        className="plot"
        role="img"
        aria-label={`${label}: ${count(totals.queued)} queued, ${
          count(totals.completed)
        } completed, ${count(totals.failed)} failed`}
      />
    </>
  );
}

interface LegendProps {
  overview: Overview;
  data: uPlot.AlignedData;
  totals: Totals;
  /** The time that the pointer is at. */
  pointed: number | null;
}

/** What the colours mean, with the numbers of the whole span or of the time that is pointed at. */
function Legend({ overview, data, totals, pointed }: LegendProps) {
  const at = pointed === null ? undefined : overview.times[pointed];
  const value = (series: 1 | 2 | 3) => (pointed === null ? 0 : data[series]?.[pointed] ?? 0);
  const shown = at === undefined
    ? totals
    : { queued: value(3), completed: value(2), failed: value(1) - value(2) };
  return (
    <div className="legend">
      {(["queued", "completed", "failed"] as const).map((key) => (
        <span key={key}>
          <i className={`mark ${key}`} aria-hidden="true" /> {key} <b>{count(shown[key])}</b>
        </span>
      ))}
      <span className="muted end">
        {at !== undefined && `from ${moment.format(at * 1000)}`}
      </span>
    </div>
  );
}

/** x; completed and failed together, completed alone (drawn over it), queued. */
function seriesOf(overview: Overview, flow: FlowOfName | null): uPlot.AlignedData {
  const flows = flow ? [flow] : overview.names;
  const sum = (key: "queued" | "completed" | "failed") =>
    overview.times.map((_, i) => flows.reduce((total, each) => total + (each[key][i] ?? 0), 0));
  const completed = sum("completed");
  const failed = sum("failed");
  return [
    overview.times,
    completed.map((value, i) => value + failed[i]!),
    completed,
    sum("queued"),
  ];
}

function options(
  box: HTMLElement,
  bucket: number,
  onPoint: (index: number | null) => void,
): uPlot.Options {
  const style = getComputedStyle(box);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const bars = uPlot.paths.bars!({ size: [0.72, 40], radius: 0.15 });
  const axis = {
    stroke: colour("muted"),
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
    font: `12px ${style.fontFamily}`,
  };
  return {
    width: box.clientWidth,
    height: HEIGHT,
    padding: [12, 20, 0, 0],
    cursor: { points: { show: false }, drag: { x: false, y: false } },
    legend: { show: false },
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
    scales: {
      // Half a bar more at either end.
      x: { range: (_plot, min, max) => [min - bucket / 2, max + bucket / 2] },
      y: { range: (_plot, _min, max) => [0, Math.max(max * 1.1, 4)] },
    },
    axes: [
      { ...axis, size: 28, grid: { show: false }, values: timesOfDay },
      {
        ...axis,
        size: 48,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6],
      },
    ],
    series: [
      {},
      { paths: bars, points: { show: false }, fill: colour("failed") },
      { paths: bars, points: { show: false }, fill: colour("completed") },
      { stroke: colour("running"), width: 1.5, points: { show: false } },
    ],
  };
}

const moment = new Intl.DateTimeFormat(undefined, {
  weekday: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const hour = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric" });

function timesOfDay(_plot: uPlot, times: number[]): string[] {
  return times.map((time) => {
    const date = new Date(time * 1000);
    return date.getHours() + date.getMinutes() === 0 ? day.format(date) : hour.format(date);
  });
}
