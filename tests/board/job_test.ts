import { check, equal, eventually, nothingWrong, see } from "./support/expect.ts";
import { seedJobs } from "./support/seed.ts";
import { boardTest, rpc } from "./support/world.ts";

boardTest("a failed job is found, understood and retried in under five clicks", async (world) => {
  const ada = await world.newUser("ada");
  await rpc(world, ada, "queue_job", { _job_name: "always-fails", _max_retries: 1 });
  await eventually(async () => {
    const [job] = await world.sql`select state from public.job where user_id = ${ada.id}`;
    return job?.state === "failed";
  }, "the job has failed");

  await using opened = await world.open(ada);
  const { page } = opened;
  await page.addInitScript(() => {
    addEventListener("click", () => {
      sessionStorage.clicks = Number(sessionStorage.clicks ?? 0) + 1;
    }, { capture: true });
  });
  await opened.goTo("", "Overview");
  await page.getByRole("link", { name: /fails on purpose/ }).click();
  await see(page, /after 1 of 1 tries: this job fails on purpose/);
  await see(page.getByRole("log"), /this job fails on purpose/);
  await page.getByRole("button", { name: "Retry" }).click();
  await see(page, "Attempt 2");
  const clicks = Number(await page.evaluate(() => sessionStorage.clicks));
  console.log(`found, understood and retried in ${clicks} clicks`);
  check(clicks < 5, `${clicks} clicks`);
  nothingWrong(opened.complaints);
});

boardTest("a job is run again with another body, and stays itself as it was", async (world) => {
  const ada = await world.newUser("ada");
  const [id] = await seedJobs(world.sql, ada.id, [
    { name: "send-digest", state: "failed", body: { day: "someday" } },
  ]);
  await using opened = await world.open(ada);
  const { page } = opened;
  await opened.goTo(`#/jobs/${id}`, "send-digest");
  await page.getByRole("button", { name: "Run again" }).click();
  const body = page.getByRole("dialog").getByLabel("Body");
  const queue = page.getByRole("button", { name: "Queue a new job" });
  await body.fill('{"day": "2026-11-24",}');
  await see(page.getByRole("dialog"), /Not JSON: .*line 1, column 22/);
  check(await queue.isDisabled(), "a body that is not JSON cannot be queued");
  await body.fill('{"day": "2026-11-24"}');
  await queue.click();
  await page.locator(".badge.completed").waitFor();
  check(!page.url().includes(id!), "the new job's page is shown");

  const [before] = await world.sql`select state, request_body from public.job where id = ${id!}`;
  equal(before, { state: "failed", request_body: { day: "someday" } }, "the job that was there");
  nothingWrong(opened.complaints);
});

boardTest(
  "a job that is queued in the form is watched until it is done, without a reload",
  async (world) => {
    const ada = await world.newUser("ada");
    await using opened = await world.open(ada);
    const { page } = opened;
    await opened.goTo("#/new", "New job");
    await page.getByLabel("Name", { exact: true }).fill("no name");
    await see(page, "A letter, then letters, digits");
    await page.getByLabel("Name", { exact: true }).fill("send-digest");
    await page.getByLabel("Body").fill('{"day": "2026-11-24"}');
    await page.getByLabel("Tries").fill("7");
    const soon = new Date(Date.now() + 60_000 - new Date().getTimezoneOffset() * 60_000);
    await page.getByLabel("Not before").fill(soon.toISOString().slice(0, 16));
    await page.getByRole("button", { name: "Queue the job" }).click();
    await see(page, /delayed until/);
    await see(page, "0 of 7");
    const id = page.url().split("/").at(-1)!;
    const loads = await page.evaluate(() => performance.getEntriesByType("navigation").length);
    await world.sql`update public.job set next_run_at = null where id = ${id}`;
    await page.locator(".badge.completed").waitFor();
    await see(page.getByRole("log"), /Queued/);
    await see(page.getByRole("region", { name: "The job's result" }), /"counts"/);
    equal(
      await page.evaluate(() => performance.getEntriesByType("navigation").length),
      loads,
      "loads of the page",
    );
    nothingWrong(opened.complaints);
  },
);

boardTest("a running job is asked to stop; one is deleted only after a question", async (world) => {
  const ada = await world.newUser("ada");
  const [running, done] = await seedJobs(world.sql, ada.id, [
    { state: "running", progress: { done: 3, total: 4 } },
    { state: "completed", result: { rows: [1, 2] }, body: { long: Array(60).fill("line") } },
  ]);
  await using opened = await world.open(ada);
  const { page } = opened;
  await opened.goTo(`#/jobs/${running}`, "seeded");
  equal(await page.getByRole("progressbar").getAttribute("value"), "0.75", "the progress");
  await page.getByRole("button", { name: "Stop" }).click();
  await see(page, "stopping: asked at");

  await opened.goTo(`#/jobs/${done}`, "seeded");
  await page.getByRole("button", { name: "Show all 64 lines" }).click();
  await page.getByRole("button", { name: "Copy the id" }).click();
  equal(await page.evaluate("navigator.clipboard.readText()"), done, "what is copied");
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Keep it" }).click();
  await page.keyboard.press("Escape");
  const count = () => world.sql`select from public.job where id = ${done!}`;
  equal((await count()).length, 1, "the job after it was kept");
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { level: 1, name: "Jobs" }).waitFor();
  equal((await count()).length, 0, "the job after it was deleted");
  nothingWrong(opened.complaints);
});

boardTest(
  "somebody else's job, one that is not there, and nonsense read the same; an operator sees it",
  async (world) => {
    const [ada, bob, operator] = [
      await world.newUser("ada"),
      await world.newUser("bob"),
      await world.newUser("operator", { operator: true }),
    ];
    const [theirs] = await seedJobs(world.sql, bob.id, [{ body: { secret: "bob's" } }]);
    await using opened = await world.open(ada);
    const said: string[] = [];
    for (const id of [theirs!, crypto.randomUUID(), "nonsense"]) {
      await opened.goTo(`#/jobs/${id}`, "Job not found");
      said.push(await opened.page.locator("main").innerText());
    }
    equal(new Set(said).size, 1, "different answers");

    await using seeing = await world.open(operator);
    await seeing.goTo(`#/jobs/${theirs}`, "seeded");
    await see(seeing.page, /"bob's"/);
    await see(seeing.page, bob.email);
    nothingWrong([...opened.complaints, ...seeing.complaints]);
  },
);
