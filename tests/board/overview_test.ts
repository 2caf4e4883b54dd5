import { check, equal, eventually, nothingWrong, see } from "./support/expect.ts";
import { seedJobs } from "./support/seed.ts";
import { boardTest, rpc } from "./support/world.ts";

boardTest(
  "a user sees what came, what went and what waits of her own jobs, and why",
  async (world) => {
    const [ada, bob] = [await world.newUser("ada"), await world.newUser("bob")];
    const paused = `paused-${crypto.randomUUID().slice(0, 8)}`;
    await world.sql`insert into public.job_config (job_name, enabled) values (${paused}, false)`;
    await seedJobs(world.sql, ada.id, [
      ...Array.from({ length: 5 }, () => ({ name: "mail" })),
      { name: "mail", state: "failed", error: "mailbox is full" },
      { name: "mail", secondsAgo: 7200 },
    ]);
    await seedJobs(world.sql, bob.id, [{ name: "post" }, { name: "post", state: "failed" }]);
    await rpc(world, ada, "queue_job", { _job_name: paused });

    await using opened = await world.open(ada);
    const { page } = opened;
    await opened.goTo("", "Overview");
    const tile = (label: string) => page.getByRole("listitem").filter({ hasText: label });
    await see(tile("Completed"), /^5$/);
    await see(tile("Failed"), /^1$/);
    await see(tile("Waiting"), /^1$/);
    await see(page.getByRole("region", { name: "Health" }), new RegExp(`${paused} is disabled`));
    await page.locator(".plot canvas").waitFor();
    await page.getByRole("img", { name: "All jobs, last hour: 7 queued, 5 completed, 1 failed" })
      .waitFor();
    equal(await page.getByText("post").count(), 0, "mentions of bob's jobs");

    await page.getByRole("link", { name: "day" }).click();
    await see(tile("Completed"), /^6$/);
    await page.getByRole("link", { name: "mail", exact: true }).first().click();
    await page.getByRole("heading", { name: "mail, last day" }).waitFor();
    check(page.url().endsWith("#/?span=day&name=mail"), "span and name are in the address");

    await page.getByRole("link", { name: "mailbox is full" }).click();
    await page.getByRole("heading", { level: 1, name: "mail" }).waitFor();
    await page.goBack();
    await tile("Failed").getByRole("link").first().click();
    await eventually(() => page.url().includes("state=failed"), "the failed jobs are listed");
    nothingWrong(opened.complaints);
  },
);

boardTest(
  "an operator sees the lanes that are full, whose they are, and the state of pg_net",
  async (world) => {
    const [ada, operator] = [
      await world.newUser("ada"),
      await world.newUser("operator", { operator: true }),
    ];
    const name = `full-${crypto.randomUUID().slice(0, 8)}`;
    await seedJobs(world.sql, ada.id, [{ state: "running", name }]);
    for (let i = 0; i < 2; i++) await rpc(world, ada, "queue_job", { _job_name: name });

    await using opened = await world.open(operator);
    const { page } = opened;
    await opened.goTo("", "Overview");
    const lane = page.getByRole("row").filter({ hasText: name });
    await see(lane, ada.email);
    await see(lane, "1/1");
    await see(lane.getByRole("cell"), /^2$/);
    await see(page.getByRole("region", { name: "Health" }), /pg_net/);
    await lane.getByRole("link").click();
    await eventually(
      async () => await page.locator(".jobs tbody tr").count() === 3,
      "the lane's jobs are listed",
    );
    nothingWrong(opened.complaints);
  },
);

boardTest("a user without jobs is told how to begin", async (world) => {
  const nobody = await world.newUser("nobody");
  await using opened = await world.open(nobody);
  const { page } = opened;
  await opened.goTo("", "Overview");
  await see(page, "Nothing was queued in the last hour.");
  await opened.goTo("#/jobs", "Jobs");
  await see(page, "There are no jobs yet.");
  await opened.goTo("#/names", "Names");
  await see(page, "No names yet.");
  await page.getByRole("link", { name: "Recurring" }).click();
  await see(page, "No job comes again.");
  await opened.goTo("#/nowhere", "Not found");
  nothingWrong(opened.complaints);
});
