import { assertEquals } from "@std/assert";
import { withFunction } from "./support/function.ts";

const documentId = "00000000-0000-4000-8000-0000000000d0";

Deno.test("index-document looks again when the document changes meanwhile", () => {
  const versions = [
    { content: "one two", version: 1 },
    { content: "one  two\nthree", version: 2 },
  ];
  let looked = 0;
  const saved: unknown[] = [];
  const options = {
    other: (_request: Request, url: URL) =>
      url.pathname === "/rest/v1/document" ? Response.json([versions[looked++]]) : undefined,
    // deno-lint-ignore no-explicit-any
    commitFunction: (_name: string, args: any) => {
      if (args._version === 1) throw Object.assign(new Error("changed"), { code: "JQ409" });
      saved.push(args);
      return null;
    },
  };
  return withFunction("index-document", options, async ({ queue, ring }) => {
    const job = queue({ request_body: { documentId } });
    await ring(job);
    assertEquals([job.state, job.retries], ["completed", 0]);
    assertEquals(saved, [{ _document_id: documentId, _version: 2, _word_count: 3 }]);
  });
});

Deno.test("index-document of a document that is gone has nothing to do", () => {
  const other = () => Response.json([]);
  return withFunction("index-document", { other }, async ({ queue, ring }) => {
    const job = queue({ request_body: { documentId } });
    await ring(job);
    assertEquals([job.state, job.result], ["completed", "the document is gone"]);
  });
});
