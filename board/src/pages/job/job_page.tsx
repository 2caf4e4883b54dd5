import { useSession } from "../../api/context.ts";
import type { JobDetail } from "../../api/types.ts";
import { codeOf } from "../../lib/errors.ts";
import { isUuid } from "../../lib/filter.ts";
import { shortId } from "../../lib/format.ts";
import { useLive } from "../../lib/live.ts";
import { CopyButton } from "../../ui/copy_button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { JsonView } from "../../ui/json_view.tsx";
import { Page } from "../../ui/page.tsx";
import { Progress } from "../../ui/progress.tsx";
import { StateBadge } from "../../ui/state_badge.tsx";
import { Empty, Failed, Loading } from "../../ui/states.tsx";
import { Words } from "../../ui/words.tsx";
import { listHref } from "../jobs/list_href.ts";
import { Attempts } from "./attempts.tsx";
import { Facts } from "./facts.tsx";
import { JobActions } from "./job_actions.tsx";
import { LogLines } from "./log_lines.tsx";

/** One job: why it is as it is, what was tried, what can be done. */
export function JobPage({ id }: { id: string }) {
  const { board } = useSession();
  const { data, error, loading, refresh } = useLive(
    isUuid(id) ? id : null,
    (signal) => board.job(id, signal),
  );
  if (!isUuid(id) || (codeOf(error) === "JQ404")) return <NotFound />;
  const name = data ? `${data.job.job_name} ${shortId(id)}` : "Job";
  return (
    <Page
      name={name}
      title={
        <>
          <a className="back" href={listHref()} aria-label="Back to the list">
            <Icon name="back" />
          </a>
          {data?.job.job_name ?? "Job"}
        </>
      }
      actions={data && <JobActions detail={data} onChange={refresh} />}
    >
      {error !== undefined && <Failed error={error} onRetry={refresh} stale={data !== undefined} />}
      {loading && <Loading />}
      {data && <Detail detail={data} />}
    </Page>
  );
}

function Detail({ detail }: { detail: JobDetail }) {
  const { job, explanation, attempts, attempts_total, steps, logs, schedule } = detail;
  return (
    <>
      <section className={`explanation ${job.state}`} aria-label="What this job is doing">
        <div className="explanation-head">
          <StateBadge state={job.state} stopping={job.cancel_requested_at !== null} />
          <span className="mono muted id">{job.id}</span>
          <CopyButton text={job.id} what="the id" />
        </div>
        <p>
          <Words text={explanation} />
        </p>
        <span className="hidden" role="status">{job.state}</span>
        {job.progress !== null && job.state === "running" && <Progress value={job.progress} />}
      </section>
      <div className="columns">
        <div className="column">
          <section className="card">
            <h2>Attempts</h2>
            <Attempts attempts={attempts} total={attempts_total} />
          </section>
          <section className="card">
            <h2>Log</h2>
            <LogLines id={job.id} logs={logs} />
          </section>
        </div>
        <div className="column">
          <section className="card">
            <h2>Facts</h2>
            <Facts job={job} schedule={schedule} />
          </section>
          {job.result !== null && (
            <section className="card">
              <h2>Result</h2>
              <JsonView value={job.result} label="The job's result" />
            </section>
          )}
          <section className="card">
            <h2>Body</h2>
            <JsonView value={job.request_body} label="The job's body" />
          </section>
          {steps.length > 0 && (
            <section className="card">
              <h2>Steps done</h2>
              <ol className="steps">
                {steps.map((step) => <li key={step.name}>{step.name}</li>)}
              </ol>
            </section>
          )}
        </div>
      </div>
    </>
  );
}

/** The same for a job that is not there and for one that is somebody else's. */
function NotFound() {
  return (
    <Page title="Job not found" name="Job not found">
      <Empty title="There is no such job, or it is not yours.">
        <p>
          Finished jobs are deleted after a while: keep_completed and keep_failed of their name.
        </p>
        <a href={listHref()}>Back to the list</a>
      </Empty>
    </Page>
  );
}
