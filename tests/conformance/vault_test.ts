// What supabase_vault must do for this project.
import { deepStrictEqual as equal, ok } from "node:assert";
import { connect, refusal, test } from "./support.ts";

const sql = connect(1);
const prefix = `conformance-${crypto.randomUUID().slice(0, 8)}`;

async function create(name: string, secret: string): Promise<string> {
  const [{ id }] = await sql<[{ id: string }]>`
    select vault.create_secret(${secret}, ${`${prefix}-${name}`}, 'made by a test') as id`;
  return id;
}

async function decrypted(id: string): Promise<string | undefined> {
  const [row] = await sql`select decrypted_secret from vault.decrypted_secrets where id = ${id}`;
  return row?.decrypted_secret;
}

Deno.test.afterAll(async () => {
  await sql`delete from vault.secrets where name like ${prefix + "%"}`;
  await sql.end();
});

test("vault: a secret reads back as it was written, whatever is in it", async () => {
  for (const secret of ["plain", "ünïcödé 🔑", "", "'; drop table x; --", "x".repeat(10_000)]) {
    equal(await decrypted(await create(crypto.randomUUID(), secret)), secret);
  }
});

test("vault: the table holds it encrypted", async () => {
  const id = await create("hidden", "do not show this");
  const [row] = await sql`select secret, description from vault.secrets where id = ${id}`;
  ok(!row!.secret.includes("show"));
  ok(!atob(row!.secret.replace(/\s/g, "")).includes("show"));
  equal(row!.description, "made by a test");
});

test("vault: the same secret twice does not look the same", async () => {
  const ids = [await create("twin-1", "same"), await create("twin-2", "same")];
  const rows = await sql`select distinct secret from vault.secrets where id in ${sql(ids)}`;
  equal(rows.length, 2);
});

test("vault: a name is unique, and no name at all is not a name", async () => {
  await create("unique", "one");
  equal(await refusal(create("unique", "two")), "23505");
  const unnamed = await sql`
        select vault.create_secret('a') as id union all select vault.create_secret('b')`;
  equal(unnamed.length, 2);
  await sql`delete from vault.secrets where id in ${sql(unnamed.map((row) => row.id))}`;
});

test("vault: update_secret changes what it is given and leaves the rest", async () => {
  const id = await create("changed", "before");
  await sql`select vault.update_secret(${id}, 'after')`;
  equal(await decrypted(id), "after");
  await sql`select vault.update_secret(${id}, new_description := 'other')`;
  const [row] = await sql`
        select name, description, decrypted_secret from vault.decrypted_secrets where id = ${id}`;
  equal(row, {
    name: `${prefix}-changed`,
    description: "other",
    decrypted_secret: "after",
  });
});

test("vault: postgres may delete, but neither insert nor update the table", async () => {
  const id = await create("guarded", "x");
  equal(await refusal(sql`insert into vault.secrets (secret) values ('x')`), "42501");
  equal(await refusal(sql`update vault.secrets set name = 'y' where id = ${id}`), "42501");
  equal((await sql`delete from vault.secrets where id = ${id}`).count, 1);
  equal(await decrypted(id), undefined);
});

test("vault: anon and authenticated cannot reach the vault at all", async () => {
  const roles = await sql`
        select role from unnest(array['anon', 'authenticated']) as role
        where has_schema_privilege(role, 'vault', 'usage')
          or has_table_privilege(role, 'vault.decrypted_secrets', 'select')`;
  equal([...roles], []);
});

test("vault: reading a secret costs well under a millisecond", async () => {
  const id = await create("fast", "signing key");
  const started = performance.now();
  await sql`
        select sum(length((
          select decrypted_secret from vault.decrypted_secrets where id = ${id} and n = n
        ))) from generate_series(1, 1000) as n`;
  const each = (performance.now() - started) / 1000;
  ok(each < 1, `${each.toFixed(3)} ms each`);
});
