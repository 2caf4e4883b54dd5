import type { Page } from "playwright-core";
import { check, equal, eventually, nothingWrong, see } from "./support/expect.ts";
import { seedJobs } from "./support/seed.ts";
import { boardTest } from "./support/world.ts";

boardTest(
  "a page asks one thing at a time, more slowly while nothing changes, and not while it is hidden",
  async (world) => {
    const ada = await world.newUser("ada");
    const [id] = await seedJobs(world.sql, ada.id, [{ name: "quiet" }]);
    await using opened = await world.open(ada);
    const { page } = opened;
    const asked = requestTimes(page);
    await opened.goTo(`#/jobs/${id}`, "quiet");
    await eventually(() => asked.length >= 4, "four requests", 30_000);
    const [first, second, third, fourth] = asked as [number, number, number, number];
    check(third - second > second - first, "the second pause is longer than the first");
    check(fourth - third > third - second, "the third pause is longer than the second");

    await setHidden(page, true);
    await see(page, "Paused");
    const before = asked.length;
    await page.waitForTimeout(7_000);
    equal(asked.length, before, "requests while the page is hidden");
    await setHidden(page, false);
    await eventually(() => asked.length > before, "it asks again at once", 3_000);
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

/** When the page asked for its job. */
function requestTimes(page: Page): number[] {
  const times: number[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().includes("/rpc/")) times.push(Date.now());
  });
  return times;
}

async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, "visibilityState",
      { value: "${hidden ? "hidden" : "visible"}", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));`);
}
