// What the local Postgres promises to those who develop on it.
import { deepStrictEqual as equal, match, rejects } from "node:assert";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { spawn } from "node:child_process";
import postgres from "postgres";
import { removePostgresData, startPostgres } from "../../stack/services/postgres.ts";
import { startTemporaryDatabase, temporaryFolder } from "../support/temporary.ts";
import { projectFolder } from "../support/files.ts";

async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return [...await sql.unsafe(statement)];
  } finally {
    await sql.end();
  }
}

Deno.test("data and vault secrets survive a restart", async () => {
  const dataDir = await temporaryFolder();
  try {
    const first = await startPostgres({ dataDir, port: 0, fsync: false });
    await query(first.url, "create table public.kept as select 1 as n");
    await query(first.url, "select vault.create_secret('still here', 'kept')");
    await first.stop();
    const second = await startPostgres({ dataDir, port: 0, fsync: false });
    try {
      equal(await query(second.url, "select n from public.kept"), [{ n: 1 }]);
      equal(
        await query(second.url, "select decrypted_secret from vault.decrypted_secrets"),
        [{ decrypted_secret: "still here" }],
      );
    } finally {
      await second.stop();
    }
  } finally {
    await fs.rm(dataDir, { recursive: true, force: true });
  }
});

Deno.test("the vault's key is no file of the data folder, and only its owner may read it", async () => {
  const database = await startTemporaryDatabase();
  try {
    const key = await fs.stat(path.join(database.dataDir, "vault/root.key"));
    equal((key.mode & 0o777).toString(8), "600");
    equal(key.size, 64);
    match(
      await query(database.url, "select vault._root_key()").catch((error) => error.code),
      /^42501$/,
    );
  } finally {
    await database.stop();
  }
});

Deno.test("a taken port is an error that names it", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const dataDir = await temporaryFolder();
  try {
    await rejects(
      startPostgres({ dataDir, port: listener.addr.port }),
      new RegExp(`Port ${listener.addr.port} is taken`),
    );
  } finally {
    listener.close();
    await fs.rm(dataDir, { recursive: true, force: true });
  }
});

Deno.test("a data folder of another format is refused with the command that resets it", async () => {
  const dataDir = await temporaryFolder();
  try {
    await (await startPostgres({ dataDir, port: 0, fsync: false })).stop();
    await fs.writeFile(path.join(dataDir, "format"), "0");
    await rejects(startPostgres({ dataDir, port: 0 }), /format 0.*npm run reset/);
    await removePostgresData(dataDir);
    await (await startPostgres({ dataDir, port: 0, fsync: false })).stop();
  } finally {
    await fs.rm(dataDir, { recursive: true, force: true });
  }
});

Deno.test("a first start that was cut short begins anew", async () => {
  const dataDir = await temporaryFolder();
  try {
    await (await startPostgres({ dataDir, port: 0, fsync: false })).stop();
    await fs.rm(path.join(dataDir, "format"));
    await fs.writeFile(path.join(dataDir, "unfinished"), "");
    const again = await startPostgres({ dataDir, port: 0, fsync: false });
    try {
      equal(await query(again.url, "select current_user::text as who"), [{ who: "postgres" }]);
    } finally {
      await again.stop();
    }
  } finally {
    await fs.rm(dataDir, { recursive: true, force: true });
  }
});

Deno.test("a second start on a running data folder is refused", async () => {
  const database = await startTemporaryDatabase();
  try {
    await rejects(
      startPostgres({ dataDir: database.dataDir, port: 0 }),
      /Another stack \(pid \d+\)/,
    );
  } finally {
    await database.stop();
  }
});

Deno.test("the Postgres of a killed parent is stopped and taken over, committed data kept", async () => {
  const dataDir = await temporaryFolder();
  const program = `
    import { startPostgres } from "${projectFolder}stack/services/postgres.ts";
    const database = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, port: 0 });
    console.log("ready", database.pid, database.url);
    setInterval(() => {}, 1000);`;
  const file = path.join(projectFolder, `tests/stack/.parent-${crypto.randomUUID()}.ts`);
  await fs.writeFile(file, program);
  try {
    const parent = spawn(Deno.execPath(), ["run", "-A", "--no-check", file], {
      cwd: projectFolder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const line = await new Promise<string>((resolve) =>
      parent.stdout!.on("data", (chunk) => /ready/.test(String(chunk)) && resolve(String(chunk)))
    );
    const [, oldPid, url] = line.trim().split(" ");
    await query(url!, "create table public.kept as select 1 as n");
    const gone = new Promise((resolve) => parent.once("exit", resolve));
    parent.kill("SIGKILL");
    await gone;

    const next = await startPostgres({ dataDir, port: 0, fsync: false });
    try {
      equal(await query(next.url, "select n from public.kept"), [{ n: 1 }]);
      equal(await fs.stat(`/proc/${oldPid}`).catch(() => "gone"), "gone");
    } finally {
      await next.stop();
    }
  } finally {
    await fs.rm(file, { force: true });
    await fs.rm(dataDir, { recursive: true, force: true });
  }
});

Deno.test("a folder that the user postgres cannot reach gets its database elsewhere", async () => {
  const closed = await fs.mkdtemp("/tmp/closed-");
  const dataDir = path.join(closed, "data");
  const lines: string[] = [];
  try {
    const database = await startPostgres({
      dataDir,
      port: 0,
      fsync: false,
      log: (line) => lines.push(line),
    });
    await database.stop();
    await removePostgresData(dataDir);
    if (Deno.uid() === 0) match(lines[0]!, /cannot reach .*: the database is in/);
  } finally {
    await fs.rm(closed, { recursive: true, force: true });
  }
});

Deno.test("the roles are as on hosted Supabase", async () => {
  const database = await startTemporaryDatabase();
  try {
    equal(
      await query(
        database.url,
        `select rolname::text as name, rolsuper as super, rolbypassrls as bypass, rolcanlogin as login
         from pg_roles where rolname in
           ('postgres', 'anon', 'authenticated', 'service_role', 'authenticator', 'supabase_admin')
         order by 1`,
      ),
      [
        { name: "anon", super: false, bypass: false, login: false },
        { name: "authenticated", super: false, bypass: false, login: false },
        { name: "authenticator", super: false, bypass: false, login: true },
        { name: "postgres", super: false, bypass: true, login: true },
        { name: "service_role", super: false, bypass: true, login: false },
        { name: "supabase_admin", super: true, bypass: true, login: true },
      ],
    );
    for (const role of ["anon", "authenticated", "service_role"]) {
      const [row] = await query(database.url, `set role ${role}; select 1`).then(() => [role]);
      equal(row, role);
    }
  } finally {
    await database.stop();
  }
});

Deno.test("pg_cron is refused in another schema than pg_catalog", async () => {
  const database = await startTemporaryDatabase();
  try {
    await rejects(
      query(database.url, "create extension pg_cron with schema extensions"),
      /must be installed in schema "pg_catalog"/,
    );
  } finally {
    await database.stop();
  }
});
