import type { Overview } from "../../api/types.ts";
import { Icon } from "../../ui/icon.tsx";
import { Words } from "../../ui/words.tsx";

/** Whether the machinery runs, a part a line: what is wrong stands out. */
export function HealthStrip({ health }: { health: Overview["health"] }) {
  return (
    <section className={health.ok ? "health" : "health bad"} aria-label="Health">
      <ul>
        {health.checks.map(({ name, ok, text }) => (
          <li key={name} className={ok ? "ok" : "bad"}>
            <Icon name={ok ? "check" : "warning"} />
            <span className="hidden">{ok ? "ok: " : "problem: "}</span>
            <span>
              <Words text={text} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
