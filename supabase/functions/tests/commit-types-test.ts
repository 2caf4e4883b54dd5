import { assertEquals } from "@std/assert";
import { z } from "npm:zod@4.6.7";
import type { Commit } from "../_shared/job/mod.ts";
import { withServed } from "./support/served.ts";

const index = { _document_id: "d", _version: 1, _word_count: 2 };

/** Never called: the compiler is the test. */
export async function compiles(commit: Commit) {
  const words: number = await commit("save_document_index", index);
  await commit("save_document_index", { ...index, _word_count: null });
  await commit("import_contacts_chunk", { _rows: [{ email: "a@example.com" }] });
  // @ts-expect-error: there is no such function
  await commit("save_document_indices", index);
  // @ts-expect-error: an argument is missing
  await commit("save_document_index", { _document_id: "d", _version: 1 });
  // @ts-expect-error: all of them are missing
  await commit("save_document_index");
  // @ts-expect-error: an argument is of the wrong type
  await commit("save_document_index", { ...index, _version: "1" });
  // @ts-expect-error: there is no such argument
  await commit("save_document_index", { ...index, _author: "me" });
  // @ts-expect-error: what it returns is a number
  const text: string = await commit("save_document_index", index);
  // @ts-expect-error: the runtime API is not for handlers
  await commit("save_job_step", { _job_id: "j", _token: "t", _name: "n", _result: 1 });
  return [words, text];
}

Deno.test("the handler's commit is typed from the project's SQL functions", () => {
  const served = {
    name: "typed",
    body: z.unknown(),
    run: ({ commit }: { commit: Commit }) => commit("save_document_index", index),
  };
  const commitFunction = (name: string, args: unknown) => [name, args];
  return withServed(served, { commitFunction }, async ({ queue, ringAndWait }) => {
    const job = queue();
    await ringAndWait(job);
    assertEquals(job.result, ["save_document_index", index]);
  });
});
