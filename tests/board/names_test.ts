import { equal, eventually, nothingWrong, see } from "./support/expect.ts";
import { seedJobs } from "./support/seed.ts";
import { boardTest, rpc } from "./support/world.ts";

boardTest(
  "an operator pauses a name and changes its limits; a user sees it and cannot",
  async (world) => {
    const [ada, operator] = [
      await world.newUser("ada"),
      await world.newUser("operator", { operator: true }),
    ];
    const name = `named-${crypto.randomUUID().slice(0, 8)}`;
    await seedJobs(world.sql, ada.id, [{ name }, { name, state: "failed" }]);
    await using opened = await world.open(operator);
    const { page } = opened;
    await opened.goTo("#/names", "Names");
    const row = page.getByRole("row").filter({ hasText: name });
    await row.getByRole("switch").click();
    await see(row, "paused");
    await see(row, new RegExp(`by ${operator.email}`));
    await row.getByRole("button", { name: `Change ${name}` }).click();
    const dialog = page.getByRole("dialog", { name });
    await dialog.getByLabel("At once per user").fill("0");
    await dialog.getByRole("button", { name: "Save" }).click();
    await see(page.getByRole("status"), /concurrency_limit/);
    await dialog.getByLabel("At once per user").fill("4");
    await dialog.getByLabel("At once in all").fill("20");
    await dialog.getByLabel("Starts per period").fill("30");
    await dialog.getByLabel("Description").fill("Sends it.");
    await dialog.getByRole("button", { name: "Save" }).click();
    await see(row, "4 per user · 20 in all · 30 per min");
    const [config] = await world.sql`
    select enabled, concurrency_limit, global_concurrency_limit, rate_limit, max_pending, description
    from public.job_config where job_name = ${name}`;
    equal(config, {
      enabled: false,
      concurrency_limit: 4,
      global_concurrency_limit: 20,
      rate_limit: 30,
      max_pending: null,
      description: "Sends it.",
    }, "what the database has");

    await using own = await world.open(ada);
    await own.goTo("#/names", "Names");
    const seen = own.page.getByRole("row").filter({ hasText: name });
    await see(seen, "paused");
    equal(await seen.getByRole("switch").count(), 0, "switches for a user");
    await seen.getByRole("link", { name: `failed jobs of ${name}` }).click();
    await eventually(() => own.page.url().includes(`state=failed&name=${name}`), "its failed jobs");
    nothingWrong([...opened.complaints, ...own.complaints]);
  },
);

boardTest("a recurring job is said in words, run now, and paused", async (world) => {
  const ada = await world.newUser("ada");
  await rpc(world, ada, "schedule_job", {
    _name: "morning",
    _job_name: "send-digest",
    _cron: "30 8 * * mon-fri",
    _time_zone: "Europe/Berlin",
    _request_body: { day: "2026-11-24" },
  });
  await rpc(world, ada, "schedule_job", {
    _name: "often",
    _job_name: "poll-feed",
    _every: "00:10:00",
  });
  await using opened = await world.open(ada);
  const { page } = opened;
  await opened.goTo("#/names?tab=recurring", "Names");
  await see(page, /At 08:30, Monday through Friday.*\(Europe\/Berlin\)/);
  await see(page, "Every 10 min");
  const row = page.getByRole("row").filter({ hasText: "morning" });
  await see(row, "never");
  await row.getByRole("switch", { name: "morning is on" }).click();
  await see(row, "paused");
  await row.getByRole("switch", { name: "morning is on" }).click();
  await eventually(async () => await row.getByText("paused").count() === 0, "it is on again");
  await row.getByRole("button", { name: "Run morning now" }).click();
  await page.getByRole("heading", { level: 1, name: "send-digest" }).waitFor();
  await page.locator(".badge.completed").waitFor();
  nothingWrong(opened.complaints);
});
