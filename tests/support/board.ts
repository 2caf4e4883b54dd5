// The job board in a real browser, against a stack of its own.
import { startStack } from "../../stack/stack.ts";
import { installChromium } from "../board/support/browser.ts";
import type { BoardStack } from "../board/support/world.ts";
import type { Category } from "./categories.ts";
import { runDenoTests } from "./deno_tests.ts";
import { findFiles } from "./files.ts";
import { temporaryFolder } from "./temporary.ts";

/** Tests of the board: each file opens a browser of its own on the one stack. */
export const runBoard: Category = async ({ filters, databaseUrl }, report) => {
  const files = await findFiles("tests/board", /_test\.ts$/, filters);
  if (files.length === 0) return;
  if (databaseUrl !== null) {
    console.log("tests/board: left out, these tests make a stack of their own");
    return;
  }
  await withBoardStack(async (stack) => {
    const environment = { TEST_BOARD_STACK: JSON.stringify(stack), DENO_JOBS: "2" };
    await runDenoTests(files, environment, report, { parallel: true });
  });
};

/** Starts a stack with the board on free ports, and stops it after its use. */
export async function withBoardStack(use: (stack: BoardStack) => Promise<void>): Promise<void> {
  await installChromium();
  const dataDir = await temporaryFolder();
  const stack = await startStack({
    dataDir,
    ports: "free",
    board: true,
    fsync: false,
    quiet: true,
  });
  try {
    const { boardUrl, apiUrl, publishableKey, adminUrl } = stack;
    await use({ boardUrl, apiUrl, publishableKey, adminUrl });
  } finally {
    await stack.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}
