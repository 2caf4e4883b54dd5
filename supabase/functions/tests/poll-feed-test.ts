import { assert, assertEquals, assertMatch } from "@std/assert";
import { retryAfter } from "../poll-feed/retry_after.ts";
import { withFunction } from "./support/function.ts";

const feedId = "00000000-0000-4000-8000-00000000feed";

/** A feed in the project, and the third party that serves it. */
function world(serveFeed: (request: Request) => Response, etag: string | null = null) {
  // deno-lint-ignore no-explicit-any
  const polls: any[] = [];
  const other = (request: Request, url: URL) => {
    if (url.pathname === "/rest/v1/feed") {
      assertEquals(url.searchParams.get("id"), `eq.${feedId}`);
      return Response.json([{ url: `${url.origin}/third-party`, etag }]);
    }
    return url.pathname === "/third-party" ? serveFeed(request) : undefined;
  };
  const commitFunction = (name: string, args: unknown) => polls.push(args) && name;
  return { other, commitFunction, polls };
}

const items = [{ id: "1", title: "First" }, { id: "2", title: "Second" }];

Deno.test("poll-feed keeps what it found together with the ETag and queues the next poll", () => {
  const options = world(() => Response.json({ items }, { headers: { ETag: '"v1"' } }));
  return withFunction("poll-feed", options, async ({ queue, ring }) => {
    const job = queue({ request_body: { feedId } });
    await ring(job);
    assertEquals([job.state, job.result], ["completed", "save_feed_poll"]);
    const [{ _next_poll_at, ...poll }] = options.polls;
    assertEquals(poll, { _feed_id: feedId, _etag: '"v1"', _items: items });
    const minutes = (Date.parse(_next_poll_at) - Date.now()) / 60_000;
    assert(minutes > 14.9 && minutes <= 15, `${minutes} minutes`);
  });
});

Deno.test("poll-feed sends the ETag, and nothing new is no items", () => {
  const options = world((request) => {
    assertEquals(request.headers.get("If-None-Match"), '"v1"');
    return new Response(null, { status: 304 });
  }, '"v1"');
  return withFunction("poll-feed", options, async ({ queue, ring }) => {
    const job = queue({ request_body: { feedId } });
    await ring(job);
    assertEquals(job.state, "completed");
    assertEquals([options.polls[0]._items, options.polls[0]._etag], [[], '"v1"']);
  });
});

Deno.test("poll-feed waits as long as a rate limit says", () => {
  const tooMany = () =>
    new Response("slow down", { status: 429, headers: { "Retry-After": "17" } });
  return withFunction("poll-feed", world(tooMany), async ({ queue, ring }) => {
    const job = queue({ request_body: { feedId } });
    await ring(job);
    assertEquals([job.state, job.after], ["pending", "17.000 seconds"]);
    assertEquals(job.error, "the API answered 429");
  });
});

Deno.test("poll-feed gives up on 404, and on 500 until the job's next try", async () => {
  for (const [status, state, times] of [[404, "failed", 1], [500, "pending", 3]] as const) {
    let asked = 0;
    const options = world(() => new Response(`no ${++asked}`, { status }));
    await withFunction("poll-feed", options, async ({ queue, ring }) => {
      const job = queue({ request_body: { feedId } });
      await ring(job);
      assertEquals([job.state, asked], [state, times]);
      assertMatch(job.error ?? "", new RegExp(`the API answered ${status}$`));
    });
  }
});

Deno.test("poll-feed asks again at once when the API has a hiccup", () => {
  let asked = 0;
  const hiccup = () =>
    ++asked === 1 ? new Response("oops", { status: 500 }) : Response.json({ items });
  const options = world(hiccup);
  return withFunction("poll-feed", options, async ({ queue, ring }) => {
    const job = queue({ request_body: { feedId } });
    await ring(job);
    assertEquals([job.state, job.retries, asked], ["completed", 0, 2]);
  });
});

Deno.test("Retry-After is seconds or a date; a minute if it is neither", () => {
  const after = (value?: string) =>
    retryAfter(
      new Response(null, value === undefined ? {} : { headers: { "Retry-After": value } }),
    );
  assertEquals(after("120"), 120);
  assertEquals(after("Wed, 25 Nov 2026 00:00:00 GMT"), new Date("2026-11-25T00:00:00Z"));
  assertEquals(after("soon"), 60);
  assertEquals(after(), 60);
});
