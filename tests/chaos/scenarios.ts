// All scenarios, the most violent first.
import { disturbances } from "./disturbances.ts";
import { kills } from "./kills.ts";
import type { Scenario } from "./scenario.ts";

export const scenarios: Scenario[] = [...kills, ...disturbances];

/** The scenarios of these names, all if there are none. Throws naming one that is unknown. */
export function chooseScenarios(names: string[]): Scenario[] {
  const known = new Map(scenarios.map((scenario) => [scenario.name, scenario]));
  const unknown = names.find((name) => !known.has(name));
  if (unknown) {
    throw new Error(`no scenario "${unknown}": known are ${[...known.keys()].join(", ")}`);
  }
  return names.length === 0 ? scenarios : names.map((name) => known.get(name)!);
}
