// Runs the tests of deploy/ with real parts, which it installs where they are missing, and closes with one line of
// counts: deno run -A tests/deploy/run.ts
import { PRIVILEGE_SEPARATION } from "./support/build_machine.ts";
import { exists, installTools } from "./support/tools.ts";

const SUMMARY =
  /(\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?: \(\d+ steps?\))?(?: \| (\d+) ignored)?/;

const separationIsOurs = !exists(PRIVILEGE_SEPARATION);
await installTools();
const child = new Deno.Command(Deno.execPath(), {
  args: ["test", "-A", "--quiet", "--parallel", import.meta.dirname!],
  env: { NO_COLOR: "1", DENO_JOBS: "3", DO_NOT_TRACK: "1" },
  stdin: "null",
  stdout: "piped",
}).spawn();

let summary: RegExpMatchArray | null = null;
for await (const line of lines(child.stdout)) {
  summary = line.match(SUMMARY) ?? summary;
  console.log(line);
}
const { success } = await child.status;
if (separationIsOurs) await Deno.remove(PRIVILEGE_SEPARATION).catch(() => undefined);

const [, passed = "0", failed = "1", ignored] = summary ?? [];
console.log(`${passed} passed, ${failed} failed${ignored ? `, ${ignored} skipped` : ""}`);
Deno.exit(success && summary ? 0 : 1);

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const pieces = (rest + text).split("\n");
    rest = pieces.pop()!;
    yield* pieces;
  }
  if (rest) yield rest;
}
