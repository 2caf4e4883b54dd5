import { deadline, retry } from "@std/async";
import { z } from "npm:zod@4.6.7";
import { PermanentError, RetryAfterError, serveJob } from "../_shared/job/mod.ts";
import { pollFeed } from "./job.ts";
import { retryAfter } from "./retry_after.ts";

const EVERY_SECONDS = 15 * 60;
const PATIENCE_MS = 10_000;
const answer = z.object({ items: z.array(z.object({ id: z.string(), title: z.string() })) });

serveJob({
  ...pollFeed,
  async run({ body, supabase, signal, log, commit }) {
    const { data: feed, error } = await supabase
      .from("feed").select("url, etag").eq("id", body.feedId).maybeSingle();
    if (error) throw new Error(`the feed could not be read: ${error.message}`);
    if (!feed) throw new PermanentError("the feed is gone: it is not polled any more");

    // A hiccup of the API costs no try of the job; what lasts longer does.
    const response = await retry(
      () => deadline(ask(feed, signal), PATIENCE_MS),
      { maxAttempts: 3, minTimeout: 250 },
    );
    if (response.status === 429 || response.status === 503) {
      await response.body?.cancel();
      throw new RetryAfterError(`the API answered ${response.status}`, retryAfter(response));
    }
    const nextPollAt = new Date(Date.now() + EVERY_SECONDS * 1000);
    if (response.status === 304) {
      log.info("nothing new");
      return await commit("save_feed_poll", poll(body.feedId, feed.etag, [], nextPollAt));
    }
    if (!response.ok) {
      await response.body?.cancel();
      throw new PermanentError(`the API answered ${response.status}`);
    }
    const { items } = answer.parse(await response.json());
    log.info(`${items.length} items`);
    await commit(
      "save_feed_poll",
      poll(body.feedId, response.headers.get("ETag"), items, nextPollAt),
    );
  },
});

async function ask(feed: { url: string; etag: string | null }, signal: AbortSignal) {
  const headers = feed.etag ? { "If-None-Match": feed.etag } : undefined;
  const response = await fetch(feed.url, { headers, signal });
  if (response.status < 500 || response.status === 503) return response;
  await response.body?.cancel();
  throw new Error(`the API answered ${response.status}`);
}

type Items = z.infer<typeof answer>["items"];

function poll(feedId: string, etag: string | null, items: Items, nextPollAt: Date) {
  return { _feed_id: feedId, _etag: etag, _items: items, _next_poll_at: nextPollAt.toISOString() };
}
