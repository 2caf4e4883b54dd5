import { assert, assertEquals, assertMatch } from "@std/assert";
import { type FakeJob } from "./support/fake_runtime.ts";
import { type LoadedFunction, withFunction } from "./support/function.ts";

/** Serves a file as Storage does, and keeps what is committed. */
function world(file: string, ranges = true) {
  const bytes = new TextEncoder().encode(file);
  const kept: { email: string; name: string }[] = [];
  let next: unknown = null;
  let largest = 0;
  const other = (request: Request, url: URL) => {
    if (url.pathname !== "/contacts.csv") return undefined;
    if (!ranges) return new Response(bytes);
    const [from, to] = request.headers.get("Range")!.replace("bytes=", "").split("-").map(Number);
    if (from! >= bytes.length) return new Response(null, { status: 416 });
    const part = bytes.slice(from, to! + 1);
    largest = Math.max(largest, part.length);
    return new Response(part, { status: 206 });
  };
  // deno-lint-ignore no-explicit-any
  const commitFunction = (_name: string, args: any) => {
    kept.push(...args._rows);
    next = args._next;
    return args._rows.length;
  };
  return { other, commitFunction, kept, next: () => next, largest: () => largest };
}

/** Runs an import with all its chunks. */
async function runAll({ runtime, queue, ring }: LoadedFunction, next: () => unknown, body: object) {
  const jobs: FakeJob[] = [];
  let request: unknown = { url: `${runtime.url}/contacts.csv`, ...body };
  while (request) {
    const job = queue({ request_body: request });
    jobs.push(job);
    await ring(job);
    if (job.state !== "completed") return jobs;
    request = next();
  }
  return jobs;
}

const rows = Array.from({ length: 100 }, (_, index) => ({
  email: `user${index}@example.com`,
  name: index % 10 === 0 ? `Line\nbreak, "quoted" ü ${index}` : `Name ${index}`,
}));
const csv = "Name,Email\r\n" +
  rows.map(({ email, name }) => `"${name.replaceAll('"', '""')}",${email}\r\n`).join("");

for (const ranges of [true, false]) {
  Deno.test(`import-contacts keeps each row once, in chunks (ranges: ${ranges})`, () => {
    const options = world(csv, ranges);
    return withFunction("import-contacts", options, async (loaded) => {
      const jobs = await runAll(loaded, options.next, { chunkBytes: 700 });
      assert(jobs.every((job) => job.state === "completed"));
      assert(jobs.length >= 5, `${jobs.length} chunks`);
      assertEquals(options.kept, rows);
      if (ranges) assert(options.largest() <= 700);
    });
  });
}

Deno.test("import-contacts keeps a last row without a line break", () => {
  const options = world("email,name\na@example.com,A\nb@example.com,B");
  return withFunction("import-contacts", options, async (loaded) => {
    await runAll(loaded, options.next, {});
    assertEquals(options.kept.map((row) => row.name), ["A", "B"]);
  });
});

Deno.test("import-contacts skips rows that are no contacts, and says so", () => {
  const options = world("email,name\nnobody,N\na@example.com,A\n");
  return withFunction("import-contacts", options, async (loaded) => {
    const [job] = await runAll(loaded, options.next, {});
    assertEquals(options.kept.map((row) => row.name), ["A"]);
    assertMatch(job?.logs[0]?.message ?? "", /skipped: Invalid email.*nobody/);
  });
});

Deno.test("import-contacts refuses a file without emails", () => {
  const options = world("name\nA\n");
  return withFunction("import-contacts", options, async (loaded) => {
    const [job] = await runAll(loaded, options.next, {});
    assertEquals(job?.state, "failed");
    assertMatch(job?.error ?? "", /needs a column "email", found: name/);
  });
});

Deno.test("import-contacts refuses a record that is longer than a chunk", () => {
  const options = world(`email,name\na@example.com,"${"A".repeat(300)}"\n`);
  return withFunction("import-contacts", options, async (loaded) => {
    const jobs = await runAll(loaded, options.next, { chunkBytes: 100 });
    assertEquals(jobs.at(-1)?.state, "failed");
    assertMatch(jobs.at(-1)?.error ?? "", /a record at byte 11 is longer than a chunk of 100/);
  });
});

Deno.test("import-contacts whose commit is refused keeps nothing and tries again", () => {
  const options = world(csv);
  let refuse = true;
  // deno-lint-ignore no-explicit-any
  const commitFunction = (name: string, args: any) => {
    if (refuse) throw new Error("no space left");
    return options.commitFunction(name, args);
  };
  return withFunction("import-contacts", { ...options, commitFunction }, async (loaded) => {
    const job = loaded.queue({ request_body: { url: `${loaded.runtime.url}/contacts.csv` } });
    await loaded.ring(job);
    assertEquals([job.retries, options.kept.length], [1, 0]);
    refuse = false;
    await loaded.ring(job);
    assertEquals([job.state, options.kept], ["completed", rows]);
  });
});
