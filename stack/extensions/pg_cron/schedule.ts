// When a cron job is due: "N seconds", or a cron expression in GMT.
import { CronExpressionParser } from "cron-parser";

/** A parsed schedule. */
export type Schedule =
  | { kind: "interval"; seconds: number }
  | { kind: "expression"; expression: string }
  | { kind: "reboot" };

/** Reads a schedule; throws if it is none. */
export function parseSchedule(text: string): Schedule {
  const trimmed = text.trim().toLowerCase();
  const interval = trimmed.match(/^([1-9]|[1-5][0-9])\s+seconds?$/);
  if (interval) return { kind: "interval", seconds: Number(interval[1]) };
  if (trimmed === "@reboot") return { kind: "reboot" };
  const aliases: Record<string, string> = { "@annually": "@yearly", "@midnight": "@daily" };
  // "$" is pg_cron's last day of the month, cron-parser calls it "L".
  const expression = (aliases[trimmed] ?? trimmed).replace(/\$/g, "L");
  CronExpressionParser.parse(expression, { tz: "UTC" });
  return { kind: "expression", expression };
}

/** Whether an expression is due in the minute that begins at this time. */
export function isDueInMinute(expression: string, minute: Date): boolean {
  const before = new Date(minute.getTime() - 1);
  const next = CronExpressionParser.parse(expression, { tz: "UTC", currentDate: before }).next();
  return next.getTime() === minute.getTime();
}
