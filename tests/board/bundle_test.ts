import { gzipSync } from "node:zlib";
import { check, equal } from "./support/expect.ts";
import { seedJobs } from "./support/seed.ts";
import { boardTest } from "./support/world.ts";

const LIMIT_KB = 200;

boardTest(
  "the first load is at most 200 KB, and the plots and cron's words are not in it",
  async (world) => {
    const ada = await world.newUser("ada");
    await seedJobs(world.sql, ada.id, [{}]);
    await using opened = await world.open(ada);
    const loaded = new Map<string, Promise<number>>();
    opened.page.on("response", (response) => {
      if (!response.url().startsWith(world.stack.boardUrl)) return;
      const size = response.body().then((body) => gzipSync(body).length);
      loaded.set(new URL(response.url()).pathname, size);
    });
    await opened.goTo("#/jobs", "Jobs");
    await opened.page.waitForLoadState("networkidle");
    const first = (await Promise.all(loaded.values())).reduce((sum, size) => sum + size, 0) / 1024;
    console.log(`first load: ${first.toFixed(0)} KB gzip in ${loaded.size} files`);
    check(first <= LIMIT_KB, `${first.toFixed(0)} KB gzip`);
    equal(names().filter((name) => /plot|cron/.test(name)), [], "late files in the first load");

    await opened.goTo("", "Overview");
    await opened.page.locator(".plot canvas").waitFor();
    check(
      names().some((name) => /flow_plot.*js/.test(name)),
      `the overview did not load the plots: ${names()}`,
    );

    function names(): string[] {
      return [...loaded.keys()];
    }
  },
);
