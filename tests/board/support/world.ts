import { createClient, type Session } from "@supabase/supabase-js";
import postgres from "postgres";
import type { Browser, Page } from "playwright-core";
import { complaintsOf, launchBrowser } from "./browser.ts";

/** What the tests of the board are told of the stack they run against. */
export interface BoardStack {
  boardUrl: string;
  apiUrl: string;
  publishableKey: string;
  adminUrl: string;
}

export interface User {
  id: string;
  email: string;
  session: Session;
}

export interface OpenPage extends AsyncDisposable {
  page: Page;
  /** Errors of the page's scripts and its console. */
  complaints: string[];
  /** Goes to a hash of the board and waits for the page's heading. */
  goTo: (hash: string, heading: string | RegExp) => Promise<void>;
}

export interface PageOptions {
  theme?: "light" | "dark";
  width?: number;
  height?: number;
}

export type World = ReturnType<typeof openWorld>;
export const PASSWORD = "board-test-password";

/** The stack of TEST_BOARD_STACK, a database session of a superuser, and a browser of this file's own. */
function openWorld() {
  const stack = JSON.parse(Deno.env.get("TEST_BOARD_STACK") ?? "null") as BoardStack | null;
  if (!stack) throw new Error("TEST_BOARD_STACK is not set: run npm test -- board");
  const sql = postgres(stack.adminUrl, { max: 2, onnotice: () => {} });
  let browser: Promise<Browser> | undefined;

  return {
    stack,
    sql,
    newUser: (label: string, options: { operator?: boolean } = {}) =>
      newUser(stack, sql, label, options),
    /** A page, signed in as the user if there is one. */
    open: async (user?: User, options?: PageOptions) =>
      await openPage(stack, await (browser ??= launchBrowser()), user, options),
    async close() {
      await (await browser)?.close();
      await sql.end();
    },
  };
}

async function newUser(
  stack: BoardStack,
  sql: postgres.Sql,
  label: string,
  { operator }: { operator?: boolean },
): Promise<User> {
  const email = `${label}-${crypto.randomUUID().slice(0, 8)}@example.com`;
  const client = createClient(stack.apiUrl, stack.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { error } = await client.auth.signUp({ email, password: PASSWORD });
  if (error) throw error;
  if (operator) {
    await sql`update auth.users set raw_app_meta_data = raw_app_meta_data || '{"job_role": "operator"}'
      where email = ${email}`;
  }
  const { data, error: refused } = await client.auth.signInWithPassword({
    email,
    password: PASSWORD,
  });
  if (refused) throw refused;
  return { id: data.user.id, email, session: data.session };
}

async function openPage(
  stack: BoardStack,
  browser: Browser,
  user: User | undefined,
  { theme = "light", width = 1280, height = 800 }: PageOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({
    colorScheme: theme,
    viewport: { width, height },
    permissions: ["clipboard-read", "clipboard-write"],
  });
  context.setDefaultTimeout(20_000);
  if (user) {
    // Where supabase-js keeps the session of a project on this host.
    await context.addInitScript(
      ([key, session]) => localStorage.setItem(key, session),
      ["sb-127-auth-token", JSON.stringify(user.session)] as const,
    );
  }
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  return {
    page,
    complaints,
    goTo: async (hash, heading) => {
      await page.goto(`${stack.boardUrl}/${hash}`);
      await page.getByRole("heading", { level: 1, name: heading }).waitFor();
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

let world: World | undefined;
Deno.test.afterAll(async () => await world?.close());

/** Declares a test of the board; the tests of a file share one browser. */
export function boardTest(name: string, fn: (world: World) => Promise<void>): void {
  // The browser outlives the test that started it.
  const sanitizers = { sanitizeOps: false, sanitizeResources: false };
  Deno.test({ name, ...sanitizers, fn: () => fn(world ??= openWorld()) });
}

/** Calls a function of the database as a user, through REST. */
export async function rpc(
  { stack }: World,
  user: User,
  name: string,
  args: Record<string, unknown>,
): Promise<unknown> {
  const response = await fetch(`${stack.apiUrl}/rest/v1/rpc/${name}`, {
    method: "POST",
    headers: {
      "apikey": stack.publishableKey,
      "Authorization": `Bearer ${user.session.access_token}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify(args),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${name}: ${JSON.stringify(answer)}`);
  return answer;
}
