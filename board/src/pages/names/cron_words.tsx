import cronstrue from "cronstrue";

/** A cron expression in words, or itself where it cannot be said. A file of its own: it is loaded late. */
export default function CronWords({ cron }: { cron: string }) {
  try {
    return cronstrue.toString(cron, { use24HourTimeFormat: true });
  } catch {
    return <code>{cron}</code>;
  }
}
