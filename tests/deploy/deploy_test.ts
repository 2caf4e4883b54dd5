// make deploy on a server: pull, migrations, swap, doctor, and back to what ran before if something is wrong.
import assert from "node:assert/strict";
import postgres from "postgres";
import { startPostgres } from "../../stack/services/postgres.ts";
import { buildServer, problemOfContainers, startEngine } from "./support/containers.ts";
import { type Delivery, startDelivery } from "./support/delivery.ts";
import { freePort, must, until } from "./support/process.ts";
import { testUnless } from "./support/tools.ts";

const problem = await problemOfContainers();
const FUNCTION = "supabase/functions/greet/index.ts";

interface Server extends Delivery {
  databaseUrl: string;
  /** What the container that runs serves as the greet function, or null if none does. */
  served(): Promise<string | null>;
  /** Files of a commit: the function, and a doctor who wants it to hold the word "healthy". */
  files(content: string): Record<string, string>;
}

function test(name: string, fn: (server: Server) => Promise<void>): void {
  testUnless(problem, name, async () => {
    const dataDir = await Deno.makeTempDir({ prefix: "deploy-database-" });
    const database = await startPostgres({ dataDir, port: 0, fsync: false });
    const port = freePort();
    const address = `http://127.0.0.1:${port}/greet/index.ts`;
    const { delivery, engine } = await startServer(port, database.url);
    const served = async () => {
      const response = await fetch(address).catch(() => null);
      return response?.ok ? (await response.text()).trim() : null;
    };
    const doctor = `for i in $(seq 50); do curl -fs ${address} && break; sleep 0.1; done | ` +
      "grep healthy || { echo the doctor found it sick; exit 1; }";
    const files = (content: string) => ({
      [FUNCTION]: `${content}\n`,
      "doctor.sh": `test "$1 $2" = '--database-url ${database.url}' || exit 1\n${doctor}\n`,
      "package.json": JSON.stringify({ scripts: { doctor: "sh doctor.sh" } }),
    });
    try {
      await fn({ ...delivery, databaseUrl: database.url, served, files });
      assert.deepEqual(await delivery.project.leftovers(), []);
    } finally {
      await engine.stop();
      await delivery.stop();
      await database.stop();
      await Deno.remove(dataDir, { recursive: true });
    }
  });
}

/** Debian's compose is of version 1, which knows no --wait: the doctor waits instead. */
async function startServer(port: number, databaseUrl: string) {
  const variables: Record<string, string> = {
    TOOL: "podman",
    COMPOSE: "docker-compose",
    UP: "up --detach",
    DATABASE_URL: databaseUrl,
  };
  const env: Record<string, string> = {};
  const delivery = await startDelivery({
    variables,
    env,
    async base(address, builder) {
      const base = `${address}/base`;
      await buildServer(builder, base);
      await must(["buildah", "push", "--tls-verify=false", base], { env: builder });
      return base;
    },
  });
  variables.COMPOSE_FILE = `${delivery.machine.root}/compose.yaml`;
  const functions = {
    image: "${IMAGE}:${TAG}",
    network_mode: "host",
    stop_signal: "SIGKILL",
    environment: { PORT: port },
  };
  await Deno.writeTextFile(
    variables.COMPOSE_FILE,
    JSON.stringify({ version: "3", services: { functions } }),
  );
  const engine = await startEngine(delivery.machine.root, delivery.server);
  Object.assign(env, engine.env);
  return { delivery, engine };
}

async function tables(url: string): Promise<string[]> {
  const sql = postgres(url, { max: 1 });
  try {
    const rows = await sql`select tablename from pg_tables where schemaname = 'public'`;
    return rows.map((row) => row.tablename as string);
  } finally {
    await sql.end();
  }
}

test("push, deploy, push, deploy, rollback: what runs follows, and the migrations are in the database", async (server) => {
  const first = await server.deliver(server.files("healthy one"));
  const deployed = await server.make(first, "deploy");
  assert.equal(deployed.code, 0, deployed.output);
  assert.match(deployed.output, new RegExp(`^${first} runs$`, "m"));
  assert.equal(await server.served(), "healthy one");
  assert.ok((await tables(server.databaseUrl)).includes("job"));

  const second = await server.deliver({
    ...server.files("healthy two"),
    "supabase/migrations/20991231000000_later.sql": "create table public.later ();\n",
  });
  const upgraded = await server.make(second, "deploy");
  assert.equal(upgraded.code, 0, upgraded.output);
  assert.equal(await server.served(), "healthy two");
  assert.ok((await tables(server.databaseUrl)).includes("later"));

  const back = await server.make(second, "rollback", `TAG=${first}`);
  assert.equal(back.code, 0, back.output);
  assert.equal(await server.served(), "healthy one");
  assert.ok((await tables(server.databaseUrl)).includes("later"));
  const untold = await server.make(second, "rollback");
  assert.notEqual(untold.code, 0);
  assert.match(untold.output, /expected the commit to go back to: make rollback TAG=/);
});

test("a commit the doctor finds sick is taken back, its container's logs shown; a failing migration swaps nothing", async (server) => {
  const sick = await server.deliver(server.files("sick from the start"));
  const nothing = await server.make(sick, "deploy");
  assert.notEqual(nothing.code, 0);
  assert.match(nothing.output, /does not run .* back to nothing/);
  await until("nothing runs", async () => await server.served() === null);

  const good = await server.deliver(server.files("healthy"));
  assert.equal((await server.make(good, "deploy")).code, 0);

  const worse = await server.deliver(server.files("sick"));
  const failed = await server.make(worse, "deploy");
  assert.notEqual(failed.code, 0);
  assert.match(failed.output, /the doctor found it sick/);
  assert.match(failed.output, new RegExp(`${worse} does not run .* back to ${good}`));
  await until("the good one serves", async () => await server.served() === "healthy");

  const broken = await server.deliver({
    ...server.files("healthy, but its migration is not"),
    "supabase/migrations/20991231000000_broken.sql": "select no_such_function();\n",
  });
  const refused = await server.make(broken, "deploy");
  assert.notEqual(refused.code, 0);
  assert.match(refused.output, /no_such_function/);
  assert.equal(await server.served(), "healthy");
});
