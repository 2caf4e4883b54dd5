const BARS = 30;
const HEIGHT = 18;

/** What completed and, on top of it, what failed, as small bars. The numbers stand beside it. */
export function Sparkline({ good, bad }: { good: number[]; bad: number[] }) {
  const failed = fold(bad);
  const columns = fold(good).map((value, i) => ({ good: value, bad: failed[i] ?? 0 }));
  const top = Math.max(1, ...columns.map((column) => column.good + column.bad));
  const high = (value: number) => (value / top) * HEIGHT;
  return (
    <svg className="spark" viewBox={`0 0 ${BARS * 3} ${HEIGHT}`} aria-hidden="true">
      {columns.map((column, i) => {
        const good = high(column.good);
        const bad = high(column.bad);
        return (
          <g key={i}>
            <rect className="good" x={i * 3} y={HEIGHT - good} width={2} height={good} />
            <rect className="bad" x={i * 3} y={HEIGHT - good - bad} width={2} height={bad} />
          </g>
        );
      })}
    </svg>
  );
}

/** Neighbours added up, so that there are at most so many bars. */
function fold(values: number[]): number[] {
  const size = Math.ceil(values.length / BARS);
  return Array.from(
    { length: Math.ceil(values.length / size) || 0 },
    (_, i) => values.slice(i * size, (i + 1) * size).reduce((sum, value) => sum + value, 0),
  );
}
