import type { Page } from "playwright-core";
import { check, equal, eventually, nothingWrong, see } from "./support/expect.ts";
import { seedJobs } from "./support/seed.ts";
import { boardTest } from "./support/world.ts";

boardTest(
  "states have counts, filters are in the address, and the address gives the same page",
  async (world) => {
    const ada = await world.newUser("ada");
    const [first] = await seedJobs(world.sql, ada.id, [
      { state: "failed", name: "mail", error: "mailbox is full", body: { to: { city: "Paris" } } },
      { state: "failed", name: "mail", error: "the function answered 500" },
      { state: "failed", name: "post", error: "no such street", secondsAgo: 7200 },
      { state: "completed", name: "mail" },
      { state: "canceled", name: "mail" },
      { state: "pending", name: "mail" },
    ]);
    await using opened = await world.open(ada);
    const { page } = opened;
    await opened.goTo("#/jobs", "Jobs");
    await eventually(async () => await rowCount(page) === 6, "six jobs");
    for (
      const [state, count] of [["pending", 1], ["completed", 1], ["failed", 3], ["canceled", 1]]
    ) {
      await see(page.getByRole("navigation", { name: "States" }), new RegExp(`^${state}${count}$`));
    }

    await page.getByRole("link", { name: /^failed/ }).click();
    await eventually(async () => await rowCount(page) === 3, "three failed jobs");
    await page.keyboard.press("/");
    await page.keyboard.type("MAILBOX");
    await eventually(async () => await rowCount(page) === 1, "one with this error");
    await see(page, "mailbox is full");
    await page.getByLabel("Name of the job").fill("mail");
    await page.getByRole("button", { name: "More" }).click();
    await page.getByLabel("Body contains (JSON)").fill('{"to": {"city": "Paris"');
    await see(page, /expected JSON/);
    await page.getByLabel("Body contains (JSON)").fill('{"to": {"city": "Paris"}}');
    await eventually(async () => await rowCount(page) === 1, "one with this body");
    await eventually(() => page.url().includes("Paris%22%7D%7D"), "the body is in the address");
    check(page.url().includes("name=mail"), "what was typed just before is in it, too");

    await using again = await world.open(ada);
    await again.page.goto(page.url());
    await see(again.page, "mailbox is full");
    equal(await rowCount(again.page), 1, "jobs of the same address in another browser");

    await page.getByRole("link", { name: "Clear filters" }).click();
    await eventually(async () => await rowCount(page) === 3, "the state stays chosen");
    await page.getByLabel("When it was queued").selectOption("1h");
    await eventually(async () => await rowCount(page) === 2, "those of the last hour");
    await page.goBack();
    await eventually(async () => await rowCount(page) === 3, "the page before");
    await page.getByLabel(/or a job's id/).fill(` ${first} `);
    await page.getByRole("heading", { level: 1, name: "mail" }).waitFor();
    nothingWrong([...opened.complaints, ...again.complaints]);
  },
);

boardTest("older jobs come page by page, each job once", async (world) => {
  const ada = await world.newUser("ada");
  const jobs = Array.from({ length: 120 }, (_, i) => ({ secondsAgo: 60 + Math.floor(i / 3) }));
  const ids = await seedJobs(world.sql, ada.id, jobs);
  await using opened = await world.open(ada);
  const { page } = opened;
  await opened.goTo("#/jobs", "Jobs");
  const seen: string[] = [];
  for (const expected of [50, 50, 20]) {
    await eventually(async () => {
      const shown = await rowIds(page);
      return shown.length === expected && !shown.some((id) => seen.includes(id));
    }, `a page of ${expected} others`);
    seen.push(...await rowIds(page));
    if (expected === 50) await page.getByRole("link", { name: "Older" }).click();
  }
  equal(seen.toSorted(), ids.toSorted(), "jobs seen on all pages");
  await page.getByRole("link", { name: "Newest" }).click();
  await eventually(async () => (await rowIds(page))[0] === seen[0], "the first page");
});

boardTest(
  "all that match are retried after a preview, and what is skipped is said",
  async (world) => {
    const { sql } = world;
    const ada = await world.newUser("ada");
    const name = `waits-${crypto.randomUUID().slice(0, 8)}`;
    await sql`insert into public.job_config (job_name, enabled) values (${name}, false)`;
    const failed = Array.from({ length: 70 }, () => ({ state: "failed" as const, name }));
    const [keyed] = await seedJobs(sql, ada.id, [...failed, { state: "completed", name }]);
    await sql`update public.job set unique_key = 'k' where id = ${keyed!}`;
    await sql`insert into public.job (user_id, job_name, unique_key) values (${ada.id}, ${name}, 'k')`;

    await using opened = await world.open(ada);
    const { page } = opened;
    await opened.goTo("#/jobs?state=failed", "Jobs");
    await page.getByLabel("Select all jobs of this page").check();
    await see(page, "50 jobs selected");
    await page.getByRole("button", { name: "Select all 70 jobs that match" }).click();
    await page.getByRole("button", { name: "Retry" }).click();
    const dialog = page.getByRole("dialog", { name: "Retry jobs" });
    await see(dialog, "70 jobs");
    const [{ pending: before }] = await statesOf();
    equal(before, 1, "pending jobs while the dialog asks");
    await dialog.getByRole("button", { name: "Retry 70 jobs" }).click();
    await see(dialog, "69 jobs");
    await see(dialog, "1 job skipped: another job with the same key waits or runs");
    await dialog.getByRole("button", { name: "Close" }).last().click();
    const [{ pending, failed: left, completed }] = await statesOf();
    equal([pending, left, completed], [70, 1, 1], "pending, failed, completed jobs");
    await eventually(async () => await rowCount(page) === 1, "the list shows what is left");
    nothingWrong(opened.complaints);

    function statesOf() {
      return sql<[{ pending: number; failed: number; completed: number }]>`
      select count(*) filter (where state = 'pending')::int as pending,
        count(*) filter (where state = 'failed')::int as failed,
        count(*) filter (where state = 'completed')::int as completed
      from public.job where user_id = ${ada.id}`;
    }
  },
);

boardTest("chosen jobs are canceled and deleted, with the keyboard alone", async (world) => {
  const ada = await world.newUser("ada");
  const [first, second, third] = await seedJobs(world.sql, ada.id, [
    { state: "pending", secondsAgo: 1 },
    { state: "completed", secondsAgo: 2 },
    { state: "running", secondsAgo: 3 },
  ]);
  await using opened = await world.open(ada);
  const { page } = opened;
  await opened.goTo("#/jobs", "Jobs");
  await eventually(async () => await rowCount(page) === 3, "three jobs");

  for (const key of ["j", "x", "ArrowDown", "x", "j", "x"]) await page.keyboard.press(key);
  await see(page, "3 jobs selected");
  await page.keyboard.press("Escape");
  await eventually(
    async () => await page.getByText("selected").count() === 0,
    "Esc selects none",
  );
  for (const key of ["x", "k", "k", "x"]) await page.keyboard.press(key);
  await page.getByRole("button", { name: "Cancel" }).press("Enter");
  await page.getByRole("button", { name: "Cancel 2 jobs" }).press("Enter");
  await see(page.getByRole("dialog"), "canceled or asked to stop.");
  await page.keyboard.press("Escape");
  const rows = await world.sql`select id, state, cancel_requested_at is not null as stopping
    from public.job where user_id = ${ada.id}`;
  const by = new Map(rows.map((row) => [row.id, row]));
  equal(by.get(first!)?.state, "canceled", "the pending job");
  equal(by.get(second!)?.state, "completed", "the completed job");
  check(by.get(third!)?.stopping, "the running job is asked to stop");
  await see(page, "stopping");

  await page.getByLabel("Select all jobs of this page").press("Space");
  await page.getByRole("button", { name: "Delete" }).press("Enter");
  await page.getByRole("button", { name: "Delete 2 jobs" }).press("Enter");
  await see(page.getByRole("dialog"), "deleted.");
  await page.keyboard.press("Escape");
  await eventually(async () => await rowCount(page) === 1, "only the running job is left");
  for (const key of ["j", "Enter"]) await page.keyboard.press(key);
  await page.getByRole("heading", { level: 1, name: "seeded" }).waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");
  for (const key of ["g", "n"]) await page.keyboard.press(key);
  await page.getByRole("heading", { level: 1, name: "Names" }).waitFor();
  nothingWrong(opened.complaints);
});

boardTest(
  "an operator sees everybody's jobs and narrows them to a user; a user has no such filter",
  async (world) => {
    const name = `shared-${crypto.randomUUID().slice(0, 8)}`;
    const [ada, bob, operator] = [
      await world.newUser("ada"),
      await world.newUser("bob"),
      await world.newUser("operator", { operator: true }),
    ];
    await seedJobs(world.sql, ada.id, [{ name }]);
    await seedJobs(world.sql, bob.id, [{ name }, { name }]);
    await using opened = await world.open(operator);
    const { page } = opened;
    await opened.goTo(`#/jobs?name=${name}`, "Jobs");
    await eventually(async () => await rowCount(page) === 3, "the jobs of both");
    await page.getByRole("button", { name: "More" }).click();
    await page.getByLabel("User").fill(bob.email);
    await eventually(async () => await rowCount(page) === 2, "bob's jobs");
    await see(page.getByRole("cell"), bob.email);

    await using own = await world.open(ada);
    await own.goTo(`#/jobs?name=${name}`, "Jobs");
    await eventually(async () => await rowCount(own.page) === 1, "ada's job");
    await own.page.getByRole("button", { name: "More" }).click();
    equal(await own.page.getByLabel("User").count(), 0, "fields for the user");
    nothingWrong([...opened.complaints, ...own.complaints]);
  },
);

function rowCount(page: Page): Promise<number> {
  return page.locator(".jobs tbody tr").count();
}

function rowIds(page: Page): Promise<string[]> {
  return page.locator(".jobs tbody tr").evaluateAll((rows) =>
    rows.map((row) => row.getAttribute("data-job")!)
  );
}
