import type { Failing as FailingName } from "../../api/types.ts";
import { count } from "../../lib/format.ts";
import { href } from "../../lib/router.ts";
import { Ago } from "../../ui/ago.tsx";
import { Empty } from "../../ui/states.tsx";
import { Words } from "../../ui/words.tsx";

/** The names that fail most, each with its most frequent error. */
export function Failing({ failing }: { failing: FailingName[] }) {
  return (
    <section className="card">
      <h2>What fails</h2>
      {failing.length === 0 && <Empty title="Nothing has failed." />}
      <ul className="failing">
        {failing.map((name) => (
          <li key={name.job_name}>
            <div className="failing-head">
              <a href={href("/jobs", { state: "failed", name: name.job_name })}>
                <strong>{name.job_name}</strong>
              </a>
              <span className="bad">{count(name.failed)} failed</span>
              <span className="muted end">
                <Ago at={name.last_failed_at} />
              </span>
            </div>
            {name.top_error && (
              <a className="top-error" href={href(`/jobs/${name.job_id}`)}>
                <Words text={name.top_error} />
              </a>
            )}
            {name.top_error && (
              <p className="muted small-text">
                {count(name.top_error_jobs)} of the newest {count(name.of)}
              </p>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
