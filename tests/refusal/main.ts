// npm run refusal: attacks a stack of its own over HTTP, prints what answered and writes docs/refusal.md.
// Ends with 1 if something was not refused as it must be.
import { startStack } from "../../stack/stack.ts";
import { projectFolder } from "../support/files.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { page, refuseAll } from "./run.ts";

process.env.DO_NOT_TRACK = "1";
const dataDir = await temporaryFolder();
const stack = await startStack({ dataDir, ports: "free", fsync: false, quiet: true });
try {
  const results = await refuseAll({ ...stack, dbUrl: stack.dbUrl });
  for (const { who, what, status, code, message, problem } of results) {
    console.log(`${problem ? "NOT SO" : "ok    "}  ${who}: ${what}: ${status} ${code} ${message}`);
    if (problem) console.log(`        ${problem}`);
  }
  await Deno.writeTextFile(`${projectFolder}docs/refusal.md`, page(results));
  const wrong = results.filter(({ problem }) => problem !== null).length;
  console.log(`\n${results.length} attempts, ${wrong} not refused as they must be`);
  process.exitCode = wrong === 0 ? 0 : 1;
} finally {
  await stack.stop();
  await Deno.remove(dataDir, { recursive: true });
}
