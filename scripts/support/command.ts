/** What a command printed and how it ended. */
export interface Result {
  success: boolean;
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, with `input` as its stdin. */
export async function run(program: string, args: string[], input?: string): Promise<Result> {
  const child = new Deno.Command(program, {
    args,
    cwd: projectFolder,
    env: { DO_NOT_TRACK: "1", NO_COLOR: "1" },
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  }
  const { success, code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { success, code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Runs a program and returns what it printed; throws with its output if it fails. */
export async function output(program: string, args: string[], input?: string): Promise<string> {
  const result = await run(program, args, input);
  if (result.success) return result.stdout;
  throw new Error(
    `${program} ${
      args.join(" ")
    } ended with code ${result.code}:\n${result.stderr}${result.stdout}`,
  );
}

/** The folder of package.json. */
export const projectFolder = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** The Supabase CLI that package.json pins. */
export const supabaseCli = `${projectFolder}/node_modules/.bin/supabase`;
