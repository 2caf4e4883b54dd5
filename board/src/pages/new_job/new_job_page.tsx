import { type FormEvent, useEffect, useId, useState } from "react";
import type { NewJob } from "../../api/board.ts";
import { useSession } from "../../api/context.ts";
import type { Name } from "../../api/types.ts";
import { href, navigate, useRoute } from "../../lib/router.ts";
import { JsonEditor, parseJson } from "../../ui/json_editor.tsx";
import { Page } from "../../ui/page.tsx";
import { useAction } from "../../ui/use_action.ts";
import { ScheduleFields, type When } from "./options.tsx";

const NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,127}$/;

/** Queues a job of one's own. */
export function NewJobPage() {
  const { board } = useSession();
  const { params } = useRoute();
  const { busy, act } = useAction();
  const [names, setNames] = useState<Name[]>([]);
  const [name, setName] = useState(params.get("name") ?? "");
  const [body, setBody] = useState("{}");
  const [when, setWhen] = useState<When>({ runAt: "", priority: "0", tries: "3", key: "" });
  const id = useId();
  // Without suggestions the form still works.
  useEffect(() => void board.names().then(({ names }) => setNames(names), () => {}), [board]);

  const known = names.find((each) => each.job_name === name);
  const parsed = parseJson(body);
  const isName = NAME.test(name);

  async function queue(event: FormEvent) {
    event.preventDefault();
    if ("problem" in parsed || !isName) return;
    await act(async () => {
      const job = await board.queue(newJob(name, parsed.value, when));
      navigate(href(`/jobs/${job}`));
      return "Queued.";
    });
  }

  return (
    <Page title="New job" name="New job">
      <form className="card form stack" onSubmit={queue}>
        <div className="field">
          <label htmlFor={id}>Name</label>
          <input
            id={id}
            list={`${id}-names`}
            required
            autoComplete="off"
            value={name}
            aria-describedby={`${id}-about`}
            aria-invalid={name !== "" && !isName}
            onChange={(event) => setName(event.target.value)}
          />
          <datalist id={`${id}-names`}>
            {names.map((each) => <option key={each.job_name} value={each.job_name} />)}
          </datalist>
          <p id={`${id}-about`} className={name !== "" && !isName ? "problem" : "muted small-text"}>
            {name !== "" && !isName
              ? "A letter, then letters, digits, - and _."
              : known?.description ?? "The name of the Edge Function that does the work."}
            {known && !known.enabled && " It is paused: the job waits until it is switched on."}
          </p>
        </div>
        <JsonEditor label="Body" text={body} onChange={setBody} />
        <ScheduleFields when={when} onChange={setWhen} />
        <footer>
          <button
            type="submit"
            className="button primary"
            disabled={busy || !isName || "problem" in parsed}
          >
            {busy ? "Queueing…" : "Queue the job"}
          </button>
        </footer>
      </form>
    </Page>
  );
}

function newJob(name: string, body: NewJob["request_body"], when: When): NewJob {
  return {
    job_name: name,
    request_body: body,
    max_retries: Number(when.tries),
    priority: Number(when.priority),
    run_at: when.runAt ? new Date(when.runAt).toISOString() : null,
    unique_key: when.key || null,
  };
}
