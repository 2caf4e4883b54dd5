import { assertEquals } from "@std/assert";
import { withFunction } from "./support/function.ts";

Deno.test("always-fails fails each of its tries", () =>
  withFunction("always-fails", {}, async ({ queue, ring }) => {
    const job = queue({ max_retries: 2 });
    await ring(job);
    assertEquals(job.state, "pending");
    await ring(job);
    assertEquals(job.state, "failed");
    assertEquals(job.error, "this job fails on purpose (try 2 of 2)");
  }));
