// Line charts as plain SVG: panels with axes, units, legends and shaded spans of time.

/** One line of a panel. */
export interface Line {
  label: string;
  values: (number | null)[];
  /** Place in the palette, below COLORS. */
  color: number;
}

export interface Panel {
  title: string;
  /** What the vertical axis counts. */
  unit: string;
  /** Seconds, as many as each line has values. */
  time: number[];
  lines: Line[];
  /** Logarithmic vertical axis; values below `least` are drawn at it. */
  log?: { least: number };
  /** A span of time that is shaded, with what it means. */
  span?: { from: number; to: number; label: string } | null;
}

export interface Figure {
  title: string;
  subtitle: string;
  panels: Panel[];
}

const WIDTH = 460;
const HEIGHT = 250;
const LEFT = 58;
const RIGHT = 14;
const TOP = 30;
const BOTTOM = 44;
const HEAD = 56;
const LEGEND_ROW = 17;
const COLUMNS = 2;
const PALETTE = [
  "#2f7ed8",
  "#e8590c",
  "#12a37f",
  "#b84fb8",
  "#c99400",
  "#e03550",
  "#7a8794",
  "#5fb3e8",
];

/** How many lines of one panel can be told apart. */
export const COLORS = PALETTE.length;

const STYLE = `
text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #24292f }
.page { fill: #ffffff } .grid { stroke: #d8dee4 } .axis { stroke: #8c959f } .span { fill: #8c959f; opacity: .16 }
.head { font-size: 16px; font-weight: 600 } .name { font-size: 13px; font-weight: 600 } .soft { fill: #57606a }
.line { fill: none; stroke-width: 1.7; stroke-linejoin: round }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .page { fill: #0d1117 } .grid { stroke: #2a313a } .axis { stroke: #6e7681 }
.span { fill: #b1bac4 } .soft { fill: #9da7b1 }
}`;

/** Draws a figure; all its panels of one unit share the vertical scale, so that they can be compared. */
export function drawFigure(figure: Figure): string {
  const columns = Math.min(COLUMNS, figure.panels.length);
  const legendRows = Math.max(...figure.panels.map((panel) => legendPlaces(panel).rows));
  const panelHeight = TOP + HEIGHT + BOTTOM + legendRows * LEGEND_ROW;
  const width = columns * WIDTH + 20;
  const height = HEAD + Math.ceil(figure.panels.length / columns) * panelHeight + 6;
  const panels = figure.panels.map((panel, n) => {
    const x = 10 + (n % columns) * WIDTH;
    const y = HEAD + Math.floor(n / columns) * panelHeight;
    const most = largest(figure.panels.filter((other) => other.unit === panel.unit));
    return `<g transform="translate(${x} ${y})">${drawPanel(panel, most)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
    `width="${width}" height="${height}" role="img">
<title>${escape(figure.title)}</title><style>${STYLE}</style>
<rect class="page" width="${width}" height="${height}"/>
<text class="head" x="16" y="26">${escape(figure.title)}</text>
<text class="soft" x="16" y="45">${escape(figure.subtitle)}</text>
${panels.join("\n")}
</svg>
`;
}

function largest(panels: Panel[]): number {
  const values = panels.flatMap((panel) => panel.lines.flatMap((line) => line.values));
  return values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0) || 1;
}

function drawPanel(panel: Panel, most: number): string {
  const end = panel.time.at(-1) || 1;
  const plotWidth = WIDTH - LEFT - RIGHT;
  const x = (time: number) => LEFT + time / end * plotWidth;
  const scale = panel.log ? logScale(panel.log.least, most) : linearScale(most);
  const y = (value: number) => TOP + HEIGHT * (1 - scale.place(value));
  const bottom = TOP + HEIGHT;
  const parts = [`<text class="name" x="${LEFT}" y="18">${escape(panel.title)}</text>`];
  if (panel.span) parts.push(drawSpan(panel.span, x));
  for (const tick of scale.ticks) {
    parts.push(
      `<line class="grid" x1="${LEFT}" x2="${LEFT + plotWidth}" y1="${y(tick).toFixed(1)}" y2="${
        y(tick).toFixed(1)
      }"/>`,
      `<text x="${LEFT - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${
        amount(tick)
      }</text>`,
    );
  }
  for (const tick of linearScale(end, 7).ticks.filter((time) => time <= end)) {
    parts.push(
      `<line class="axis" x1="${x(tick).toFixed(1)}" x2="${
        x(tick).toFixed(1)
      }" y1="${bottom}" y2="${bottom + 4}"/>`,
      `<text x="${x(tick).toFixed(1)}" y="${bottom + 17}" text-anchor="middle">${
        amount(tick)
      }</text>`,
    );
  }
  parts.push(
    `<line class="axis" x1="${LEFT}" x2="${LEFT + plotWidth}" y1="${bottom}" y2="${bottom}"/>`,
    `<text class="soft" x="${LEFT + plotWidth / 2}" y="${
      bottom + 34
    }" text-anchor="middle">seconds</text>`,
    `<text class="soft" transform="translate(13 ${
      TOP + HEIGHT / 2
    }) rotate(-90)" text-anchor="middle">${escape(panel.unit)}</text>`,
    ...panel.lines.map((line) => drawLine(line, panel.time, x, y)),
    drawLegend(panel, bottom + BOTTOM),
  );
  return parts.join("\n");
}

function drawSpan(span: NonNullable<Panel["span"]>, x: (time: number) => number): string {
  const width = (x(span.to) - x(span.from)).toFixed(1);
  return `<rect class="span" x="${
    x(span.from).toFixed(1)
  }" y="${TOP}" width="${width}" height="${HEIGHT}"/>`;
}

function drawLine(
  line: Line,
  time: number[],
  x: (time: number) => number,
  y: (value: number) => number,
): string {
  let path = "";
  let pen = "M";
  line.values.forEach((value, n) => {
    if (value === null) return;
    path += `${pen}${x(time[n]!).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
  });
  return `<path class="line" stroke="${PALETTE[line.color]}" d="${path || "M0 0"}"/>`;
}

function drawLegend(panel: Panel, top: number): string {
  return legendPlaces(panel).places.map(({ entry, x, row }) => {
    const y = top + row * LEGEND_ROW + 6;
    const sign = entry.color === undefined
      ? `<rect class="span" x="${x}" y="${y - 10}" width="20" height="12"/>`
      : `<path class="line" stroke="${PALETTE[entry.color]}" d="M${x} ${y - 4}h20"/>`;
    return `${sign}<text x="${x + 25}" y="${y}">${escape(entry.label)}</text>`;
  }).join("\n");
}

/** The lines' labels, then the span's, side by side as far as they fit; a letter is taken to be 6.6 wide. */
function legendPlaces(panel: Panel) {
  let [x, row] = [LEFT, 0];
  const entries: { label: string; color?: number }[] = [...panel.lines];
  if (panel.span) entries.push({ label: panel.span.label });
  const places = entries.map((entry) => {
    const needs = 25 + entry.label.length * 6.6 + 14;
    if (x > LEFT && x + needs > WIDTH) [x, row] = [LEFT, row + 1];
    const place = { entry, x: Math.round(x), row };
    x += needs;
    return place;
  });
  return { places, rows: row + 1 };
}

/** A scale from 0 to at least `most` with about `count` ticks at round numbers. */
function linearScale(most: number, count = 5) {
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  const top = Math.ceil(most / step - 1e-9) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, n) => n * step);
  return { ticks, place: (value: number) => value / top };
}

/** A logarithmic scale over whole powers of ten. */
function logScale(least: number, most: number) {
  const from = Math.floor(Math.log10(least));
  const to = Math.max(from + 1, Math.ceil(Math.log10(most) - 1e-9));
  const ticks = Array.from({ length: to - from + 1 }, (_, n) => 10 ** (from + n));
  const place = (value: number) => (Math.log10(Math.max(value, least)) - from) / (to - from);
  return { ticks, place };
}

function amount(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (value >= 1e4) return `${Number((value / 1e3).toPrecision(3))} k`;
  return String(Number(value.toPrecision(3)));
}

function escape(text: string): string {
  return text.replace(
    /[&<>"]/g,
    (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]!,
  );
}
