import { useNow } from "../lib/clock.ts";
import { absolute, relative } from "../lib/format.ts";

/** A moment beside now; its title is the moment in full. */
export function Ago({ at }: { at: string }) {
  const now = useNow();
  return <time dateTime={at} title={absolute(at)}>{relative(at, now)}</time>;
}
