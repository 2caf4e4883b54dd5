import type { NameSettings } from "../../api/types.ts";
import { count } from "../../lib/format.ts";

/** A name's limits in words: 1 per user · 10 in all · 5 a minute · lingers 20 s. */
export function limitWords(name: NameSettings): string {
  return [
    `${count(name.concurrency_limit)} per user`,
    name.global_concurrency_limit && `${count(name.global_concurrency_limit)} in all`,
    name.rate_limit &&
    `${count(name.rate_limit)} per ${intervalWords(name.rate_period).replace(/^1 /, "")}`,
    name.max_pending && `${count(name.max_pending)} waiting`,
    name.linger_seconds > 0 && `lingers ${name.linger_seconds} s`,
  ].filter(Boolean).join(" · ");
}

const UNITS = ["h", "min", "s"];

/** An interval as Postgres writes it, in short: 00:01:00 is "minute", 7 days stays. */
export function intervalWords(interval: string): string {
  const clock = interval.match(/^(?:(.*) )?(\d+):(\d\d):(\d\d)(?:\.\d+)?$/);
  if (!clock) return interval;
  const [, days, ...parts] = clock;
  const words = parts.map(Number)
    .map((n, i) => (n > 0 ? `${n} ${UNITS[i]}` : ""))
    .filter(Boolean);
  return [days, ...words].filter(Boolean).join(" ") || "0 s";
}
