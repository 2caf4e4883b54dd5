// What supabase/functions/README.md shows is run.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { withFunction } from "../../supabase/functions/tests/support/function.ts";

const functionsDir = join(import.meta.dirname!, "..", "..", "supabase", "functions");
const readme = Deno.readTextFileSync(join(functionsDir, "README.md"));

/** The first block of code behind a heading. */
function codeUnder(heading: string): string {
  const [, section] = readme.split(`\n${heading}\n`);
  assert(section, `README.md has no "${heading}"`);
  const code = section.match(/```ts\n([\s\S]*?)```/)?.[1];
  assert(code, `no code under "${heading}"`);
  return code;
}

Deno.test("a function of 20 lines or fewer does the article's example", async () => {
  const code = codeUnder("## The article's example");
  const lines = code.trimEnd().split("\n").length;
  assert(lines <= 20, `${lines} lines`);

  const folder = await Deno.makeTempDir();
  try {
    const entry = join(folder, "index.ts");
    const shared = pathToFileURL(join(functionsDir, "_shared")).href;
    assert(code.includes('"../_shared/'));
    await Deno.writeTextFile(entry, code.replaceAll('"../_shared/', `"${shared}/`));
    const options = { entry: pathToFileURL(entry).href };
    await withFunction("example-job", options, async ({ queue, ring, handle }) => {
      const job = queue({ request_body: { hello: "world" } });
      const answer = await ring(job);
      assertEquals([answer.status, answer.headers.get("X-Job")], [202, "true"]);
      assertEquals(job.state, "completed");
      assertEquals(job.logs[0]?.message, 'example-job ran with {"hello":"world"}');
      const missing = await handle(new Request("http://function.local/", { method: "POST" }));
      assertEquals(missing.status, 400);
      assertMatch(await missing.text(), /X-Job is missing/);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("each function that README.md links to is there, and each has a README", () => {
  const linked = [...readme.matchAll(/\]\(([a-z-]+)\/README\.md\)/g)].map((match) => match[1]!);
  const folders = [...Deno.readDirSync(functionsDir)]
    .filter(({ name, isDirectory }) => isDirectory && /^[a-z]/.test(name) && name !== "tests")
    .map(({ name }) => name);
  assertEquals([...linked].sort(), folders.sort());
  for (const name of folders) {
    assertMatch(
      Deno.readTextFileSync(join(functionsDir, name, "README.md")),
      new RegExp(`npm run queue -- ${name} `),
    );
  }
});
