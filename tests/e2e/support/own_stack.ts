import postgres from "postgres";
import { type Stack, type StackOptions, startStack } from "../../../stack/stack.ts";

/** A user that is there in each of these stacks. */
export const userId = "00000000-0000-4000-8000-00000000aaaa";

/** A stack of a test's own, with one user, for the length of `fn`. */
export async function withStack(
  options: Partial<StackOptions>,
  fn: (stack: Stack, sql: postgres.Sql) => Promise<void>,
): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  await Deno.chmod(dataDir, 0o755);
  try {
    const stack = await startStack({
      dataDir,
      ports: "free",
      quiet: true,
      fsync: false,
      ...options,
    });
    const sql = postgres(stack.dbUrl, { max: 2, onnotice: () => {} });
    try {
      await sql`insert into auth.users (id, email) values (${userId}, 'long@example.com')`;
      await fn(stack, sql);
    } finally {
      await sql.end();
      await stack.stop();
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}
