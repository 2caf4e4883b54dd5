// What the conformance tests share. They take a database by TEST_DATABASE_URL (as postgres) and
// must hold on the real extensions as well as on the substitutes.
import postgres from "postgres";

/** The database under test, as the role that migrations run as, whoever logs in. */
export function connect(max = 4): postgres.Sql {
  const url = Deno.env.get("TEST_DATABASE_URL");
  if (!url) throw new Error("TEST_DATABASE_URL is not set: npm test -- conformance sets it.");
  return postgres(url, { max, connection: { role: "postgres" }, onnotice: () => {} });
}

/** Makes the extensions exactly as the migrations do; files that run side by side take turns. */
export async function createExtensions(sql: postgres.Sql): Promise<void> {
  await sql.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(7599)`;
    await sql`create extension if not exists pg_cron with schema pg_catalog`;
    await sql`create extension if not exists pg_net with schema extensions`;
  });
}

/** Asks until there is an answer; fails after the time with what was awaited. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | null | false>,
  milliseconds = 15_000,
): Promise<T> {
  const deadline = Date.now() + milliseconds;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer) return answer;
    await delay(50);
  }
  throw new Error(`${what}: not within ${milliseconds} ms`);
}

/** Waits. */
export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The SQLSTATE that a statement is refused with; null if it is not. */
export async function refusal(statement: PromiseLike<unknown>): Promise<string | null> {
  try {
    await statement;
    return null;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

/** A test whose connections outlive it: they are closed after the last one of the file. */
export function test(sentence: string, fn: () => Promise<void>): void {
  Deno.test({ name: sentence, fn, sanitizeOps: false, sanitizeResources: false });
}
