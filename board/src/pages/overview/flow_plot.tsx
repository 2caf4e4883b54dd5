import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { FlowOfName, Overview } from "../../api/types.ts";
import { count } from "../../lib/format.ts";

const HEIGHT = 220;

interface FlowPlotProps {
  overview: Overview;
  /** Null: all names together. */
  flow: FlowOfName | null;
  label: string;
}

/** What was queued, as a line over bars of what completed and failed. A file of its own: it is loaded late. */
export default function FlowPlot({ overview, flow, label }: FlowPlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const data = seriesOf(overview, flow);
  const latest = useRef(data);
  latest.current = data;
  const totals = flow?.totals ?? overview.totals;

  useEffect(() => {
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(box.current!), latest.current, box.current!);
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
  }, []);

  const text = JSON.stringify(data);
  useEffect(() => plot.current?.setData(latest.current), [text]);

  return (
    <div
      ref={box}
      className="plot"
      role="img"
      aria-label={`${label}: ${count(totals.queued)} queued, ${
        count(totals.completed)
      } completed, ${count(totals.failed)} failed`}
    />
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

function options(box: HTMLElement): uPlot.Options {
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
    padding: [12, 8, 0, 0],
    cursor: { points: { show: false }, drag: { x: false, y: false } },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(max * 1.1, 4)] } },
    axes: [
      { ...axis, grid: { show: false }, values: timesOfDay },
      {
        ...axis,
        size: 48,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6],
      },
    ],
    series: [
      { label: "at", value: (_plot, value) => (value === null ? "" : moment.format(value * 1000)) },
      {
        label: "failed",
        paths: bars,
        points: { show: false },
        fill: colour("failed"),
        value: (plot, _value, _series, i) =>
          i === null ? "" : count(plot.data[1]![i]! - plot.data[2]![i]!),
      },
      {
        label: "completed",
        paths: bars,
        points: { show: false },
        fill: colour("completed"),
        value: numberOf,
      },
      {
        label: "queued",
        stroke: colour("running"),
        width: 1.5,
        points: { show: false },
        value: numberOf,
      },
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

function numberOf(_plot: uPlot, value: number | null): string {
  return value === null ? "" : count(value);
}
