import { connect } from "node:net";
import { type RunningStack, runningStack } from "../run_file.ts";
import type { FunctionProcess } from "../stack.ts";

/** Says what runs and where; 0 if a stack runs here, else 1. */
export async function status(): Promise<number> {
  const running = runningStack();
  if (!running) {
    console.log("nothing runs here: npm start starts it");
    return 1;
  }
  console.log(`stack      pid ${running.pid}, since ${running.startedAt}`);
  if (!running.apiUrl) {
    console.log("           it is starting");
    return 0;
  }
  const database = new URL(running.dbUrl);
  const where = running.attached ? `${database.host} (attached)` : running.dbUrl;
  console.log(`database   ${await word(isListening(database))} ${where}`);
  console.log(`API        ${await word(isListening(new URL(running.apiUrl)))} ${running.apiUrl}`);
  console.log(
    `dashboard  ${await word(isListening(new URL(running.studioUrl)))} ${running.studioUrl}`,
  );
  if (running.boardUrl) {
    console.log(
      `job board  ${await word(isListening(new URL(running.boardUrl)))} ${running.boardUrl}`,
    );
  }
  for (const line of await functionLines(running)) console.log(line);
  return 0;
}

async function word(up: Promise<boolean>): Promise<string> {
  return await up ? "up  " : "DOWN";
}

async function functionLines({ functionsPort }: RunningStack): Promise<string[]> {
  try {
    const answer = await fetch(`http://127.0.0.1:${functionsPort}/_workers`);
    const workers = await answer.json() as FunctionProcess[];
    const processes = workers.map(({ name, pid, inFlight }) =>
      `           ${name}: pid ${pid}, ${inFlight} requests in flight`
    );
    return ["functions  up", ...processes];
  } catch {
    return ["functions  DOWN"];
  }
}

function isListening(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname, port: Number(url.port || 5432), timeout: 2000 });
    const answer = (up: boolean) => {
      socket.destroy();
      resolve(up);
    };
    socket.once("connect", () => answer(true));
    socket.once("error", () => answer(false));
    socket.once("timeout", () => answer(false));
  });
}
