import { href } from "../../lib/router.ts";

let latest = href("/jobs");

/** Notes the list as it is looked at. */
export function noteList(hash: string): void {
  latest = hash;
}

/** The list as it was last looked at, with its filters. */
export function listHref(): string {
  return latest;
}
