import { assert, assertEquals, assertRejects } from "@std/assert";
import { type JobView, watchJob } from "../_shared/job/mod.ts";

const view = (changes: Partial<JobView>): JobView => ({
  ...{ id: "1", state: "pending", progress: null, result: null, error: null, retries: 0 },
  ...changes,
});

type Answer = JobView | null | Error;

/** A client whose table answers one after the other, the last one for ever. */
function client(answers: Answer[]) {
  const state = { asked: 0, removed: 0, onChange: () => {} };
  const maybeSingle = () => {
    const answer = answers[Math.min(state.asked++, answers.length - 1)];
    return Promise.resolve(
      answer instanceof Error ? { data: null, error: answer } : { data: answer, error: null },
    );
  };
  const channel = {
    on(_type: string, _filter: unknown, onChange: () => void) {
      state.onChange = onChange;
      return channel;
    },
    subscribe: () => channel,
  };
  return {
    state,
    from: () => ({ select: () => ({ eq: () => ({ maybeSingle }) }) }),
    channel: () => channel,
    removeChannel: () => Promise.resolve(void state.removed++),
  };
}

async function collect(views: AsyncIterable<JobView>): Promise<JobView[]> {
  const seen: JobView[] = [];
  for await (const one of views) seen.push(one);
  return seen;
}

Deno.test("watchJob yields each change once and ends with the job", async () => {
  const answers = [
    view({}),
    view({}),
    view({ state: "running", progress: 0.5 }),
    view({ state: "completed", progress: 0.5, result: 42 }),
  ];
  const supabase = client(answers);
  const seen = await collect(watchJob(supabase, "1"));
  assertEquals(seen, [answers[0], answers[2], answers[3]]);
  assertEquals(supabase.state.removed, 1);
});

Deno.test("Realtime wakes it earlier", async () => {
  const supabase = client([view({}), view({ state: "failed", error: "no" })]);
  const startedAt = Date.now();
  const watching = collect(watchJob(supabase, "1"));
  setTimeout(() => supabase.state.onChange(), 20);
  assertEquals((await watching).length, 2);
  assert(Date.now() - startedAt < 200, `${Date.now() - startedAt} ms`);
});

Deno.test("watchJob survives a few failed answers, not many", async () => {
  const away = new Error("away");
  const seen = await collect(watchJob(client([away, view({ state: "canceled" })]), "1"));
  assertEquals(seen.length, 1);
  await assertRejects(() => collect(watchJob(client([away]), "1")), Error, "cannot be read: away");
});

Deno.test("watchJob says when there is no such job", async () => {
  await assertRejects(() => collect(watchJob(client([null]), "1")), Error, "you have no job 1");
});

Deno.test("watchJob ends when its signal is aborted", async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 30);
  const watching = watchJob(client([view({})]), "1", { signal: stop.signal, realtime: false });
  assertEquals((await collect(watching)).length, 1);
});
