const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in its largest two units that matter: 4 s, 3 min, 2 h 10 min, 5 d. */
export function duration(seconds: number): string {
  const s = Math.abs(seconds);
  if (s === 0) return "0 s";
  if (s < 1) return `${Math.round(s * 1000)} ms`;
  if (s < 10 && s % 1 >= 0.05) return `${s.toFixed(1)} s`;
  if (s < MINUTE) return `${Math.floor(s)} s`;
  if (s < HOUR) return `${Math.floor(s / MINUTE)} min`;
  if (s < DAY) {
    const minutes = Math.floor((s % HOUR) / MINUTE);
    return `${Math.floor(s / HOUR)} h${minutes && s < 6 * HOUR ? ` ${minutes} min` : ""}`;
  }
  return `${Math.floor(s / DAY)} d`;
}

/** A moment beside now: 4 s ago, in 3 min, now. */
export function relative(time: string, now: number): string {
  const seconds = (now - Date.parse(time)) / 1000;
  if (Math.abs(seconds) < 1) return "now";
  const length = duration(Math.trunc(seconds));
  return seconds > 0 ? `${length} ago` : `in ${length}`;
}

const absoluteFormat = new Intl.DateTimeFormat(undefined, {
  dateStyle: "medium",
  timeStyle: "long",
});

/** A moment in full, in the reader's time zone. */
export function absolute(time: string): string {
  return absoluteFormat.format(new Date(time));
}

const clockFormat = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** The time of day, to the second. */
export function clock(time: string): string {
  return clockFormat.format(new Date(time));
}

const numberFormat = new Intl.NumberFormat("en");

/** A number with its thousands apart. */
export function count(n: number): string {
  return numberFormat.format(n);
}

/** A count that stopped when it passed its cap: 10,000+. */
export function capped(n: number, cap: number): string {
  return n > cap ? `${count(cap)}+` : count(n);
}

/** One thing, two things. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** The start of an id, enough to tell it from its neighbours. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}
