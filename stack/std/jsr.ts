import { fileURLToPath } from "node:url";

/** Names that functions and their tests import, mapped to this folder. */
export const importMap = fileURLToPath(
  new URL("./import_map.json", import.meta.url),
);

/** Tells the processes of a run what the first of them has found. */
const VARIABLE = "STACK_JSR";
const PATIENCE_MS = 1_500;

export const SAID = "JSR does not answer: @std/assert and @std/async are those of stack/std";

/** Whether JSR can be reached. Asked once a run. */
export async function jsrAnswers(
  url = "https://jsr.io/@std/assert/meta.json",
): Promise<boolean> {
  const known = Deno.env.get(VARIABLE);
  if (known) return known === "yes";
  const answers = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) })
    .then(async (response) => {
      await response.body?.cancel();
      return response.ok;
    }, () => false);
  Deno.env.set(VARIABLE, answers ? "yes" : "no");
  return answers;
}

/** What `deno test` and `deno check` need to resolve the names; says so if it is this folder. */
export async function importMapFlags(
  say: (line: string) => void,
): Promise<string[]> {
  if (await jsrAnswers()) return [];
  say(SAID);
  return [`--import-map=${importMap}`];
}
