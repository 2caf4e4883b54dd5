// Every file of supabase/snippets, run as the dashboard runs it.
import assert from "node:assert/strict";
import type postgres from "postgres";
import { queue, states, withDatabase } from "./support/database.ts";

const folder = new URL("../../supabase/snippets/", import.meta.url);
const used = new Set<string>();

/** Runs a snippet with its placeholder (a name or an id in quotes) replaced. */
async function run(
  sql: postgres.Sql,
  name: string,
  placeholder?: [string, string],
): Promise<postgres.Row[]> {
  used.add(name);
  let text = await Deno.readTextFile(new URL(name, folder));
  if (placeholder) {
    const [old, replacement] = placeholder.map((word) => `'${word}'`) as [string, string];
    assert.ok(text.includes(old), `${name} has no ${old}`);
    text = text.replaceAll(old, replacement);
  }
  return await sql.unsafe(text);
}

Deno.test("the snippets", { sanitizeOps: false, sanitizeResources: false }, async (t) => {
  await withDatabase(async ({ sql, ada, bob }) => {
    await t.step("what-is-stuck names the oldest due job of a name and why it waits", async () => {
      const running = await queue(sql, ada, "one-slot");
      const waiting = await queue(sql, ada, "one-slot");
      await queue(sql, ada, "one-slot");
      await sql`select private.run_jobs()`;
      assert.deepEqual(await states(sql, [running, waiting]), ["running", "pending"]);
      const rows = await run(sql, "what-is-stuck.sql");
      assert.deepEqual(rows.map((row) => row.id), [waiting]);
      assert.match(rows[0]!.why, /1 of 1 slots of one-slot is taken/);
    });

    await t.step("what-is-stuck names a job that runs for long", async () => {
      const slow = await queue(sql, bob, "slow");
      await sql`update public.job set locked_at = now() - interval '11 minutes' where id = ${slow}`;
      const rows = await run(sql, "what-is-stuck.sql");
      assert.ok(rows.some((row) => row.id === slow && row.state === "running"));
    });

    await t.step("who-waits counts the waiting jobs of each user", async () => {
      const rows = await run(sql, "who-waits.sql");
      const row = rows.find((row) => row.job_name === "one-slot")!;
      assert.equal(row.email, "ada@example.com");
      assert.deepEqual([row.due, row.running, row.concurrency_limit], ["2", "1", 1]);
    });

    await t.step("pause leaves new jobs waiting, resume lets the tick ring them", async () => {
      const name: [string, string] = ["send-digest", "paused-name"];
      assert.deepEqual([...await run(sql, "pause.sql", name)], [
        { job_name: "paused-name", enabled: false },
      ]);
      const id = await queue(sql, ada, "paused-name");
      await sql`select private.run_jobs()`;
      assert.deepEqual(await states(sql, [id]), ["pending"]);
      assert.equal((await run(sql, "resume.sql", name))[0]!.enabled, true);
      await sql`select private.run_jobs()`;
      assert.deepEqual(await states(sql, [id]), ["running"]);
    });

    await t.step(
      "drain cancels what waits, not what runs; retry-canceled brings it back",
      async () => {
        const name: [string, string] = ["send-digest", "drained"];
        const ids = [await queue(sql, ada, "drained"), await queue(sql, ada, "drained")];
        ids.push(await queue(sql, ada, "drained", { runAt: "2099-01-01T00:00:00Z" }));
        assert.equal((await run(sql, "drain.sql", name)).length, 2);
        assert.deepEqual(await states(sql, ids), ["running", "canceled", "canceled"]);
        assert.equal((await run(sql, "retry-canceled.sql", name)).length, 2);
        assert.deepEqual(await states(sql, ids), ["running", "pending", "pending"]);
      },
    );

    await t.step("stop-all-running asks every running job of the name", async () => {
      const [id] = [await queue(sql, ada, "asked"), await queue(sql, ada, "asked")];
      assert.equal((await run(sql, "stop-all-running.sql", ["send-digest", "asked"])).length, 1);
      const [job] = await sql`select cancel_requested_at from public.job where id = ${id}`;
      assert.ok(job!.cancel_requested_at);
    });

    await t.step("requeue-running takes a job from its function and spends a try", async () => {
      const id = await queue(sql, bob, "taken");
      assert.deepEqual(await states(sql, [id]), ["running"]);
      const rows = await run(sql, "requeue-running.sql", [
        "00000000-0000-0000-0000-000000000000",
        id,
      ]);
      assert.equal(rows[0]!.new_state, "pending");
      const [job] = await sql`select retries, last_error from public.job where id = ${id}`;
      assert.deepEqual({ ...job }, { retries: 1, last_error: "taken away by an operator" });
    });

    await t.step(
      "retry-failed queues each failed job again, of equal keys the newest",
      async () => {
        const fail = async (key?: string) => {
          const id = await queue(sql, ada, "broken", { maxRetries: 1, uniqueKey: key });
          await sql`select private.fail_job_with_retry(${id}, 'code 17 of job ' || ${id}, '0')`;
          return id;
        };
        const ids = [await fail(), await fail("same"), await fail("same"), await fail()];
        assert.deepEqual(await states(sql, ids), ids.map(() => "failed"));
        const rows = await run(sql, "retry-failed.sql", ["always-fails", "broken"]);
        assert.equal(rows.length, 3);
        assert.ok(rows.every((row) => row.queued_again));
        const [first, older, newer, last] = await states(sql, ids);
        assert.equal(older, "failed");
        for (const state of [first, newer, last]) assert.match(state!, /pending|running/);
      },
    );

    await t.step("top-errors counts reasons that differ in numbers only as one", async () => {
      const row = (await run(sql, "top-errors.sql")).find((row) => row.job_name === "broken")!;
      assert.deepEqual([row.reason, row.attempts], ["code # of job #", "4"]);
    });

    await t.step("throughput-by-hour counts the attempts by their end", async () => {
      const rows = await run(sql, "throughput-by-hour.sql");
      const broken = rows.filter((row) => row.job_name === "broken");
      assert.equal(broken.reduce((sum, row) => sum + Number(row.failed), 0), 4);
      assert.equal(broken.reduce((sum, row) => sum + Number(row.completed), 0), 0);
    });

    await t.step("every snippet was run", async () => {
      const names: string[] = [];
      for await (const entry of Deno.readDir(folder)) names.push(entry.name);
      assert.deepEqual(names.sort(), [...used].sort());
    });

    await t.step("the views answer, show no token, and are closed to API roles", async () => {
      for (const view of ["lanes", "overview", "running", "failures", "attempts"]) {
        const rows = await sql.unsafe(`select * from private.job_${view}`);
        assert.ok(rows.length > 0, view);
        assert.ok(!("token" in rows[0]!), view);
        for (const role of ["anon", "authenticated", "service_role"]) {
          const [grant] = await sql`
            select has_table_privilege(${role}, ${`private.job_${view}`}, 'select') as may`;
          assert.equal(grant!.may, false);
        }
      }
      const [broken] = await sql`select * from private.job_overview where job_name = 'one-slot'`;
      assert.deepEqual([broken!.due, broken!.running, broken!.waiting_lanes], ["2", "1", "1"]);
    });
  });
});
