/** What a service of the stack gives back once it listens. */
export interface Running {
  port: number;
  stop(): Promise<void>;
}

/**
 * Runs a service as a program of its own: reads its settings from STACK_SETTINGS, prints
 * `ready PORT`, and stops on SIGTERM, SIGINT, or when stdin closes (whoever started it is gone).
 */
export async function runProgram<Settings>(
  start: (settings: Settings) => Running | Promise<Running>,
): Promise<void> {
  const settings = Deno.env.get("STACK_SETTINGS");
  if (!settings) throw new Error("STACK_SETTINGS is not set: the stack starts this program");
  const running = await start(JSON.parse(settings) as Settings);
  console.log(`ready ${running.port}`);

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    const forced = setTimeout(() => Deno.exit(0), 5000);
    await running.stop();
    clearTimeout(forced);
    Deno.exit(0);
  };
  Deno.addSignalListener("SIGTERM", stop);
  Deno.addSignalListener("SIGINT", stop);
  for await (const _ of Deno.stdin.readable);
  await stop();
}
