import type { Page, Request } from "playwright-core";
import { equal, eventually, nothingWrong, see } from "./support/expect.ts";
import { seedJobs } from "./support/seed.ts";
import { boardTest } from "./support/world.ts";

boardTest(
  "a page asks one thing at a time, more slowly while nothing changes, and not while it is hidden",
  async (world) => {
    const ada = await world.newUser("ada");
    const [id] = await seedJobs(world.sql, ada.id, [{ name: "quiet" }]);
    await using opened = await world.open(ada);
    const { page } = opened;
    let [asked, answered] = [0, 0];
    const isQuery = (request: Request) =>
      request.method() === "POST" && request.url().includes("/rpc/");
    page.on("request", (request) => isQuery(request) && asked++);
    page.on("requestfinished", (request) => isQuery(request) && answered++);
    page.on("requestfailed", (request) => isQuery(request) && answered++);
    // The page's clock is ours: timers run when they are told to, requests take the time they take.
    await page.clock.install({ time: Date.now() });
    await page.clock.pauseAt(Date.now() + 1_000);
    await opened.goTo(`#/jobs/${id}`, "quiet");
    const pass = async (milliseconds: number) => {
      const before = asked;
      await page.clock.runFor(milliseconds);
      await page.waitForTimeout(100);
      await eventually(() => answered === asked, "every request is answered");
      await page.waitForTimeout(100);
      return asked - before;
    };
    equal(await pass(1_900), 0, "requests before two seconds");
    equal(await pass(200), 1, "requests after two seconds");
    equal(await pass(2_500), 0, "requests before its pause has grown");
    equal(await pass(400), 1, "requests after 2.8 s");
    for (let i = 0; i < 9; i++) await pass(30_000);
    equal(
      await pass(29_000),
      0,
      "requests within half a minute, once nothing has changed for long",
    );
    equal(await pass(2_000), 1, "requests after half a minute");

    await setHidden(page, true);
    await see(page, "Paused");
    equal(await pass(600_000), 0, "requests in ten minutes while the page is hidden");
    const before = asked;
    await setHidden(page, false);
    await eventually(() => asked === before + 1, "it asks again at once");
    nothingWrong(opened.complaints);
  },
);

boardTest("offline is said, what was read stays, and it goes on by itself", async (world) => {
  const ada = await world.newUser("ada");
  await seedJobs(world.sql, ada.id, [{ name: "before" }]);
  await using opened = await world.open(ada);
  const { page } = opened;
  await opened.goTo("#/jobs", "Jobs");
  await see(page, "before");
  await page.context().setOffline(true);
  await see(page, /You are offline/);
  await see(page, "before");
  await seedJobs(world.sql, ada.id, [{ name: "meanwhile" }]);
  await page.context().setOffline(false);
  await see(page, "meanwhile");
  equal(await page.getByText(/You are offline/).count(), 0, "the notice is gone");
});

boardTest(
  "a project that does not answer is said, and so is a database's refusal",
  async (world) => {
    const ada = await world.newUser("ada");
    await seedJobs(world.sql, ada.id, [{ name: "there" }]);
    await using opened = await world.open(ada);
    const { page } = opened;
    await opened.goTo("#/jobs", "Jobs");
    await see(page, "there");
    await page.route("**/rpc/board_jobs", (route) => route.abort());
    await see(page.getByRole("alert"), /cannot be reached.*is older/);
    await see(page, "there");
    await page.unroute("**/rpc/board_jobs");
    await page.getByRole("button", { name: "Try now" }).click();
    await eventually(
      async () => await page.getByRole("alert").count() === 0,
      "it is reached again",
    );

    await page.route("**/rpc/board_names", (route) =>
      route.fulfill({
        status: 500,
        contentType: "application/json",
        headers: { "Access-Control-Allow-Origin": "*" },
        body: JSON.stringify({ code: "57014", message: "canceling statement due to timeout" }),
      }));
    await opened.goTo("#/names", "Names");
    await see(page.getByRole("alert"), "canceling statement due to timeout");
  },
);

async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, "visibilityState",
      { value: "${hidden ? "hidden" : "visible"}", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));`);
}
