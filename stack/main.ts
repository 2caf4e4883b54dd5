/** The local stack's commands; each has an npm script of the same name. */
import { parseArgs } from "node:util";
import { logs } from "./commands/logs.ts";
import { reset } from "./commands/reset.ts";
import { start } from "./commands/start.ts";
import { status } from "./commands/status.ts";
import { stop } from "./commands/stop.ts";

const HELP = `Supabase for this project, without Docker.

  npm start                          start it, run the demo, stay up until Ctrl-C
  npm start -- --once                end when the demo's jobs have ended; 0 if each ended as expected
  npm start -- --no-demo             start it without the demo
  npm start -- --database-url URL    use this Postgres, which has the real extensions
  npm run status                     what runs, and where
  npm run stop                       stop it
  npm run reset                      stop it and delete its data
  npm run logs                       the latest lines of every log
  npm run logs FUNCTION              the latest lines of one function (-- --follow: and those to come)
`;

Deno.env.set("DO_NOT_TRACK", "1");

async function run(): Promise<number> {
  const { values, positionals } = parseArgs({
    args: Deno.args.filter((argument) => argument !== "--"),
    allowPositionals: true,
    options: {
      once: { type: "boolean", default: false },
      "no-demo": { type: "boolean", default: false },
      "database-url": { type: "string" },
      follow: { type: "boolean", short: "f", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const [command, argument] = positionals;
  if (values.help || !command) {
    console.log(HELP);
    return values.help ? 0 : 2;
  }
  switch (command) {
    case "start":
      return await start({
        once: values.once,
        demo: !values["no-demo"],
        databaseUrl: values["database-url"],
      });
    case "status":
      return await status();
    case "stop":
      return await stop();
    case "reset":
      return await reset();
    case "logs":
      return await logs(argument, values.follow);
    default:
      console.error(`there is no command "${command}"\n\n${HELP}`);
      return 2;
  }
}

try {
  Deno.exit(await run());
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
