import { assertEquals, assertThrows } from "@std/assert";
import { readEnvironment } from "../_shared/job/environment.ts";
import { timeBudget } from "../_shared/job/time_budget.ts";

const read = (values: Record<string, string>) => readEnvironment((name) => values[name]);
const legacy = {
  SUPABASE_URL: "http://127.0.0.1:54321/",
  SUPABASE_ANON_KEY: "anon",
  SUPABASE_SERVICE_ROLE_KEY: "service",
};

Deno.test("the keys are the legacy ones, or the newer ones where the project has them", () => {
  assertEquals(read(legacy), {
    url: "http://127.0.0.1:54321",
    anonKey: "anon",
    serviceKey: "service",
    wallClockSeconds: 150,
  });
  const newer = read({
    ...legacy,
    SUPABASE_PUBLISHABLE_KEYS: '{"default": "sb_publishable_1"}',
    SUPABASE_SECRET_KEYS: '{"jobs": "sb_secret_1"}',
  });
  assertEquals([newer.anonKey, newer.serviceKey], ["sb_publishable_1", "sb_secret_1"]);
  assertEquals(read({ ...legacy, SUPABASE_SECRET_KEYS: "{}" }).serviceKey, "service");
});

Deno.test("what is missing is named", () => {
  assertThrows(() => read({ ...legacy, SUPABASE_URL: "" }), Error, "SUPABASE_URL is not set");
  const { SUPABASE_SERVICE_ROLE_KEY: _, ...rest } = legacy;
  assertThrows(() => read(rest), Error, "SUPABASE_SERVICE_ROLE_KEY is not set");
  assertThrows(() => read({ ...legacy, JOB_WALL_CLOCK_SECONDS: "long" }), Error, 'found "long"');
});

Deno.test("the budget is counted from the isolate's start, and anew if it is older than it can be", () => {
  const budget = { deadline: 127_500, takesUntil: 75_000, reportsUntil: 150_000 };
  assertEquals(timeBudget(0, 75_000, 150), budget);
  assertEquals(timeBudget(0, 75_001, 150).reportsUntil, 225_001);
});
