import { shortId } from "../lib/format.ts";
import { href } from "../lib/router.ts";

/** The start of a job's id, as a link to the job. */
export function JobId({ id }: { id: string }) {
  return <a className="mono" href={href(`/jobs/${id}`)} title={id}>{shortId(id)}</a>;
}
