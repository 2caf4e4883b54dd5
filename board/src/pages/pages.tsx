import { href, useRoute } from "../lib/router.ts";
import { Page } from "../ui/page.tsx";
import { Empty } from "../ui/states.tsx";
import { JobPage } from "./job/job_page.tsx";
import { JobsPage } from "./jobs/jobs_page.tsx";
import { NamesPage } from "./names/names_page.tsx";
import { NewJobPage } from "./new_job/new_job_page.tsx";
import { OverviewPage } from "./overview/overview_page.tsx";

/** The page of the current route. */
export function Pages() {
  const { path: [first, second, ...rest] } = useRoute();
  if (rest.length === 0) {
    if (first === undefined) return <OverviewPage />;
    if (first === "jobs" && second) return <JobPage key={second} id={second} />;
    if (first === "jobs") return <JobsPage />;
    if (first === "names" && !second) return <NamesPage />;
    if (first === "new" && !second) return <NewJobPage />;
  }
  return (
    <Page title="Not found" name="Not found">
      <Empty title="There is no such page.">
        <a href={href("/")}>Go to the overview</a>
      </Empty>
    </Page>
  );
}
