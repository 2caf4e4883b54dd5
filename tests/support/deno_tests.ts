// Runs files of Deno tests and counts what `deno test` reports.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { importMapFlags } from "../../stack/std/jsr.ts";
import { projectFolder } from "./files.ts";
import { addFailure, type Report } from "./report.ts";

const COLORS = new RegExp(String.fromCharCode(27) + "\\[[0-9;]*m", "g");
const RESULT = /^(ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \| (\d+) ignored)?/;

const said = new Set<string>();
function sayOnce(line: string): void {
  if (!said.has(line)) console.log(line);
  said.add(line);
}

/** Runs the files in one `deno test`, streaming its output. */
export async function runDenoTests(
  files: string[],
  environment: Record<string, string>,
  report: Report,
  options: { parallel?: boolean } = {},
): Promise<void> {
  if (files.length === 0) return;
  const imports = await importMapFlags(sayOnce);
  const flags = ["-A", "--no-prompt", ...(options.parallel ? ["--parallel"] : [])];
  const child = spawn(Deno.execPath(), ["test", ...imports, ...flags, ...files], {
    cwd: projectFolder,
    env: { ...process.env, ...environment, DO_NOT_TRACK: "1", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));

  let counted: RegExpMatchArray | null = null;
  let failures: string[] = [];
  let listing = false;
  for await (const raw of createInterface({ input: child.stdout! })) {
    const line = raw.replace(COLORS, "");
    console.log(line);
    // After the details Deno lists the failed tests once more, by name.
    if (/^\s*FAILURES\s*$/.test(line)) [listing, failures] = [true, []];
    else if (listing && / => /.test(line)) failures.push(line.trim());
    counted = line.match(RESULT) ?? counted;
  }
  const code = await exit;
  report.passed += Number(counted?.[2] ?? 0);
  report.failed += Number(counted?.[3] ?? 0);
  report.skipped += Number(counted?.[4] ?? 0);
  report.failures.push(...failures);
  const failed = Number(counted?.[3] ?? 0);
  if (code !== 0 && failed === 0) {
    addFailure(report, files.join(" "), `deno test ended with ${code} before it could count`);
  }
}

const COUNTS = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

/** Runs a test program of our own, whose last line counts. */
export async function runProgram(file: string, report: Report): Promise<void> {
  const child = spawn(Deno.execPath(), ["run", "-A", file], {
    cwd: projectFolder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let counts: RegExpMatchArray | null = null;
  for await (const line of createInterface({ input: child.stdout! })) {
    counts = line.match(COUNTS);
    if (!counts) console.log(line);
  }
  const code = await exit;
  const [passed = 0, failed = 0, skipped = 0] = (counts ?? []).slice(1).map((n) => Number(n ?? 0));
  report.passed += passed;
  report.failed += failed;
  report.skipped += skipped;
  if (failed > 0) report.failures.push(file);
  else if (code !== 0) {
    addFailure(report, file, `ended with ${code}; its last line did not say why`);
  }
}
