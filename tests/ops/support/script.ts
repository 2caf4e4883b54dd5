import { projectFolder } from "../../support/files.ts";

/** Runs one of the scripts as npm does, with `input` as its standard input. */
export async function runScript(name: string, args: string[], input = "") {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `scripts/${name}`, ...args],
    cwd: projectFolder,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { success, code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  const printed = text.decode(stdout);
  return { success, code, stdout: printed, output: printed + text.decode(stderr) };
}
