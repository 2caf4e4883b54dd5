import { type Browser, chromium, type Page } from "playwright-core";

/** Debian's first: it is what the tests install; then what other machines have. */
const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Installs Debian's Chromium where no Chromium is; throws where that cannot be done. */
export async function installChromium(): Promise<void> {
  if (findChromium()) return;
  if (Deno.uid() !== 0) {
    throw new Error(`the board's tests need Chromium, expected at one of ${PLACES.join(", ")}`);
  }
  console.log("installing chromium");
  for (const args of [["install"], ["update"], ["install"]]) {
    const packages = args[0] === "install" ? ["--no-install-recommends", "chromium"] : [];
    const { success } = await new Deno.Command("apt-get", {
      args: [...args, "-y", "-qq", ...packages],
      env: { DEBIAN_FRONTEND: "noninteractive" },
      stdout: "null",
      stderr: "null",
    }).output();
    if (success && findChromium()) return;
  }
  throw new Error("apt-get install -y chromium failed");
}

function findChromium(): string | undefined {
  return PLACES.find(exists);
}

/** Starts a Chromium with a profile of its own, which is gone when it is closed. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** What a page complained of. A request that fails with a status is the tests' own doing, or checked by them. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    if (/Failed to load resource|WebSocket connection/.test(message.text())) return;
    complaints.push(message.text());
  });
  return complaints;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
