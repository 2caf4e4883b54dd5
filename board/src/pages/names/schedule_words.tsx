import { lazy, Suspense } from "react";
import type { Schedule } from "../../api/types.ts";
import { intervalWords } from "./limits.ts";

const CronWords = lazy(() => import("./cron_words.tsx"));

/** When a schedule comes, in words; its expression is the title. */
export function ScheduleWords({ schedule }: { schedule: Schedule }) {
  const { cron, every, time_zone } = schedule;
  if (every !== null) return `Every ${intervalWords(every)}`;
  if (cron === null) return null;
  return (
    <span title={cron}>
      <Suspense fallback={<code>{cron}</code>}>
        <CronWords cron={cron} />
      </Suspense>
      {` (${time_zone})`}
    </span>
  );
}
