// npm run board:screenshots: docs/board/*.png, from a stack of its own with the demo's load.
import type { Browser, Page } from "playwright-core";
import postgres from "postgres";
import { withBoardStack } from "../support/board.ts";
import { launchBrowser } from "./support/browser.ts";
import type { BoardStack } from "./support/world.ts";

const FOLDER = new URL("../../docs/board/", import.meta.url);
const LIMIT_KB = 150;
const EMAIL = "operator@example.com";
const PASSWORD = "demo-password";
const COUNTED_MS = 45_000;

interface Shot {
  name: string;
  hash: string;
  /** What must be seen before the picture is taken. */
  seen: (page: Page) => Promise<unknown>;
  phone?: boolean;
}

await withBoardStack(async (stack) => {
  await load(stack);
  // What operators see of the flow is counted by a schedule.
  await new Promise((resolve) => setTimeout(resolve, COUNTED_MS));
  const failed = await newestFailed(stack);
  const browser = await launchBrowser();
  try {
    for (const theme of ["light", "dark"] as const) {
      for (const phone of [false, true]) {
        await take(browser, stack, theme, phone, shots(failed).filter((s) => !!s.phone === phone));
      }
    }
  } finally {
    await browser.close();
  }
});

function shots(failed: string): Shot[] {
  const table = (page: Page) => page.locator("tbody tr").first().waitFor();
  const plot = (page: Page) => page.locator(".plot canvas").waitFor();
  const job = (page: Page) => page.getByRole("log").waitFor();
  return [
    { name: "overview", hash: "#/?span=day", seen: plot },
    { name: "jobs", hash: "#/jobs", seen: table },
    { name: "job", hash: `#/jobs/${failed}`, seen: job },
    { name: "names", hash: "#/names", seen: table },
    { name: "recurring", hash: "#/names?tab=recurring", seen: table },
    { name: "new-job", hash: "#/new", seen: (page) => page.getByLabel("Body").waitFor() },
    { name: "phone-overview", hash: "#/?span=day", seen: plot, phone: true },
    { name: "phone-jobs", hash: "#/jobs", seen: table, phone: true },
  ];
}

async function load({ adminUrl, apiUrl, publishableKey }: BoardStack): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "scripts/demo-load.ts",
      "--database-url",
      adminUrl,
      "--api-url",
      apiUrl,
      "--api-key",
      publishableKey,
    ],
    env: { DO_NOT_TRACK: "1" },
  }).spawn().status;
  if (!success) throw new Error("the demo's load could not be made");
}

async function newestFailed({ adminUrl }: BoardStack): Promise<string> {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  const [job] = await sql`select id from public.job where state = 'failed' and attempt > 1
    order by (request_body <> '{}') desc, created_at desc limit 1`;
  await sql.end();
  if (!job) throw new Error("no job of the demo's load has failed");
  return job.id;
}

async function take(
  browser: Browser,
  { boardUrl }: BoardStack,
  theme: "light" | "dark",
  phone: boolean,
  shots: Shot[],
): Promise<void> {
  const viewport = phone ? { width: 390, height: 844 } : { width: 1160, height: 720 };
  const context = await browser.newContext({ colorScheme: theme, viewport });
  const page = await context.newPage();
  await page.goto(boardUrl);
  await page.getByLabel("E-mail").waitFor();
  if (!phone) await save(page, `sign-in-${theme}`);
  await page.getByLabel("E-mail").fill(EMAIL);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  for (const { name, hash, seen } of shots) {
    await page.goto(boardUrl + "/" + hash);
    await seen(page);
    await page.waitForTimeout(700);
    await save(page, `${name}-${theme}`);
  }
  await context.close();
}

async function save(page: Page, name: string): Promise<void> {
  const png = await page.screenshot({ animations: "disabled", caret: "hide" });
  const kilobytes = Math.ceil(png.length / 1024);
  if (kilobytes > LIMIT_KB) throw new Error(`${name}.png is ${kilobytes} KB`);
  await Deno.mkdir(FOLDER, { recursive: true });
  await Deno.writeFile(new URL(`${name}.png`, FOLDER), png);
  console.log(`docs/board/${name}.png, ${kilobytes} KB`);
}
