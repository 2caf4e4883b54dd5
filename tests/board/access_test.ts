import type { Page } from "playwright-core";
import { equal, see } from "./support/expect.ts";
import { seedJobs } from "./support/seed.ts";
import { boardTest, rpc } from "./support/world.ts";

const AXE = await Deno.readTextFile(new URL(import.meta.resolve("axe-core/axe.min.js")));

interface Violation {
  id: string;
  help: string;
  nodes: { target: string[]; failureSummary: string }[];
}

boardTest("axe finds nothing on any page, in either theme", async (world) => {
  const operator = await world.newUser("operator", { operator: true });
  const ids = await seedJobs(world.sql, operator.id, [
    { state: "failed", body: { a: [1, true, "x"] } },
    { state: "running", progress: 0.4 },
    { state: "completed", result: { done: true } },
    { state: "pending" },
    { state: "canceled" },
  ]);
  await rpc(world, operator, "schedule_job", {
    _name: "often",
    _job_name: "poll-feed",
    _cron: "0 3 * * *",
  });
  await using opened = await world.open(operator);
  const { page } = opened;
  await page.emulateMedia({ reducedMotion: "reduce" });
  const found: string[] = [];
  const look = async (what: string) => found.push(...await violations(page, what));

  await opened.goTo("", "Overview");
  await page.locator(".plot canvas").waitFor();
  await look("overview");
  await opened.goTo("#/jobs", "Jobs");
  await page.getByRole("button", { name: "More" }).click();
  await page.getByLabel("Select all jobs of this page").check();
  await look("list, filters, selection");
  await page.getByRole("button", { name: "Retry" }).click();
  await see(page.getByRole("dialog"), /fits?\./);
  await look("preview");
  await page.keyboard.press("Escape");
  for (const id of ids) {
    await opened.goTo(`#/jobs/${id}`, "seeded");
    await look("job");
  }
  await page.getByRole("button", { name: "Run again" }).click();
  await look("run again");
  await page.keyboard.press("Escape");
  await opened.goTo("#/names", "Names");
  await page.getByRole("button", { name: /^Change / }).first().click();
  await look("names, settings");
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Recurring" }).click();
  await see(page, /At 03:00/);
  await look("recurring");
  await opened.goTo("#/new", "New job");
  await look("new job");
  await page.locator("body").press("?");
  await look("help");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Password").waitFor();
  await look("sign in");
  equal(found, [], "violations");
});

boardTest(
  "on a phone's width no page scrolls sideways, and everything is still there",
  async (world) => {
    const operator = await world.newUser("operator-with-a-long-name", { operator: true });
    const [id] = await seedJobs(world.sql, operator.id, [{
      state: "failed",
      name: "a-name-that-is-quite-long-for-a-phone-and-goes-on-and-on",
      error: `no space ${"left".repeat(60)}`,
      body: { key: "value".repeat(60) },
    }]);
    await using opened = await world.open(operator, { width: 360, height: 740 });
    const { page } = opened;
    for (
      const [hash, heading] of [
        ["", "Overview"],
        ["#/jobs", "Jobs"],
        [`#/jobs/${id}`, /a-name/],
        ["#/names", "Names"],
        ["#/names?tab=recurring", "Names"],
        ["#/new", "New job"],
      ] as const
    ) {
      await opened.goTo(hash, heading);
      await page.waitForTimeout(300);
      const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      equal(wide, 0, `pixels that ${hash || "the overview"} is too wide`);
    }
    await opened.goTo("#/jobs", "Jobs");
    await page.getByLabel("Select all jobs of this page").check();
    await page.getByRole("button", { name: "Retry" }).waitFor();
  },
);

/** What axe says about a page as it is: every rule in light, those about colours in dark as well. */
async function violations(page: Page, what: string): Promise<string[]> {
  await page.evaluate(AXE);
  const light = await run("light", {});
  const dark = await run("dark", { runOnly: ["color-contrast", "link-in-text-block"] });
  await page.emulateMedia({ colorScheme: "light" });
  return [...light, ...dark];

  async function run(colorScheme: "light" | "dark", options: object): Promise<string[]> {
    await page.emulateMedia({ colorScheme });
    const given = JSON.stringify({ ...options, resultTypes: ["violations"] });
    const found = await page.evaluate(
      `axe.run(document, ${given}).then((results) => results.violations)`,
    ) as Violation[];
    return found.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) =>
        `${what}, ${colorScheme}: ${id} ${target.join(" ")}: ${failureSummary}`
      )
    );
  }
}
