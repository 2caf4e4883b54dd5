import type { FullLane } from "../../api/types.ts";
import { count } from "../../lib/format.ts";
import { href } from "../../lib/router.ts";
import { Ago } from "../../ui/ago.tsx";
import { UserName } from "../../ui/user_name.tsx";

/** The lanes whose slots are all taken while jobs wait. */
export function FullLanes({ lanes }: { lanes: FullLane[] }) {
  if (lanes.length === 0) return null;
  return (
    <section className="card flush">
      <h2>Lanes that are full</h2>
      <table className="table">
        <caption className="hidden">Users and names whose slots are all taken</caption>
        <thead>
          <tr>
            <th scope="col">Name and user</th>
            <th scope="col" className="number">Slots</th>
            <th scope="col" className="number">Waiting</th>
            <th scope="col" className="number">Oldest</th>
          </tr>
        </thead>
        <tbody>
          {lanes.map((lane) => (
            <tr key={`${lane.job_name} ${lane.user_id}`}>
              <td className="main">
                <a className="job-name" href={href("/jobs", filterOf(lane))}>{lane.job_name}</a>
                <p className="note">
                  <UserName id={lane.user_id} email={lane.user_email} />
                </p>
              </td>
              <td className="number">{lane.running}/{lane.limit}</td>
              <td className="number">{count(lane.due)}{lane.due_capped && "+"}</td>
              <td className="number muted">
                <Ago at={lane.oldest_due_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function filterOf({ job_name, user_id, user_email }: FullLane) {
  return { name: job_name, user: user_email ? user_id : null };
}
