import type { Page } from "playwright-core";
import { check, equal, nothingWrong } from "./support/expect.ts";
import { seedJobs } from "./support/seed.ts";
import { boardTest, type World } from "./support/world.ts";

interface Answer {
  status: number;
  body: unknown;
}

boardTest("from the page's console a user gets at nothing of another's", async (world) => {
  const { sql } = world;
  const [ada, bob] = [await world.newUser("ada"), await world.newUser("bob")];
  const [theirs] = await seedJobs(sql, bob.id, [{
    state: "failed",
    name: "private-name",
    body: { secret: "bob's" },
  }]);
  const [system] = await seedJobs(sql, null, [{ state: "completed" }]);
  await sql`insert into public.job_config (job_name) values ('private-name') on conflict do nothing`;
  const [schedule] = await sql`insert into public.job_schedule (user_id, name, job_name, every)
    values (${bob.id}, 'bob-s', 'private-name', '1 hour') returning id`;
  const before = await fingerprint();

  await using opened = await world.open(ada);
  await opened.goTo("", "Overview");
  const ask = (path: string, init?: RequestInit) => fromConsole(opened.page, world, path, init);
  const call = (name: string, args: unknown) =>
    ask(`rpc/${name}`, { method: "POST", body: JSON.stringify(args) });
  const patch = (path: string, change: unknown) =>
    ask(path, {
      method: "PATCH",
      body: JSON.stringify(change),
      headers: { "Prefer": "return=representation" },
    });

  // Read: nothing is there.
  for (const table of ["job", "job_logs", "job_schedule", "job_config"]) {
    const column = { job: "id", job_logs: "job_id", job_schedule: "id", job_config: "job_name" };
    const value = {
      job: theirs,
      job_logs: theirs,
      job_schedule: schedule!.id,
      job_config: "private-name",
    };
    const key = table as keyof typeof column;
    equal((await ask(`${table}?${column[key]}=eq.${value[key]}`)).body, [], `rows of ${table}`);
  }
  equal((await ask(`job?id=eq.${system}`)).body, [], "a job of the system");

  // Functions of the board: as if it was not there, or for operators only.
  const refused: [string, unknown, string][] = [
    ["board_job", { _job_id: theirs }, "JQ404"],
    ["board_logs", { _job_id: theirs }, "JQ404"],
    ["explain_job", { _job_id: theirs }, "JQ404"],
    ["board_run_again", { _job_id: theirs }, "JQ404"],
    ["retry_job", { _job_id: theirs }, "JQ404"],
    ["cancel_job", { _job_id: theirs }, "JQ404"],
    ["board_set_schedule", { _schedule_id: schedule!.id, _enabled: false }, "JQ404"],
    ["board_run_schedule", { _schedule_id: schedule!.id }, "JQ404"],
    ["board_jobs", { _filter: { user_id: bob.id } }, "JQ403"],
    ["board_jobs", { _filter: { user_email: bob.email } }, "JQ403"],
    ["board_apply", { _action: "delete", _filter: { user_id: bob.id } }, "JQ403"],
    ["board_set_name", { _job_name: "private-name", _changes: { enabled: false } }, "JQ403"],
  ];
  for (const [name, args, code] of refused) {
    const { status, body } = await call(name, args);
    check(status >= 400, `${name} answered ${status}`);
    equal((body as { code?: string }).code, code, `the code of ${name}`);
  }
  for (const action of ["retry", "delete"]) {
    const { body } = await call("board_apply", { _action: action, _ids: [theirs, system] });
    const { done, skipped } = body as { done: number; skipped: unknown };
    equal([done, skipped], [0, { not_found: 2 }], `${action} of others' jobs`);
  }
  const { body: overview } = await call("board_overview", {});
  check(!JSON.stringify(overview).includes("private-name"), "the overview names bob's jobs");
  const { body: names } = await call("board_names", {});
  check(!JSON.stringify(names).includes("private-name"), "the names hold bob's");

  // Write: nothing is changed. The runtime's and private functions are not to be called at all.
  equal((await patch(`job?id=eq.${theirs}`, { priority: 9 })).body, [], "changed jobs");
  check(
    [0, 401, 403].includes(
      (await patch("job_config?job_name=eq.private-name", { enabled: false })).status,
    ) ||
      (await sql`select from public.job_config where job_name = 'private-name' and enabled`)
          .length === 1,
    "job_config was changed",
  );
  for (
    const name of [
      "start_job",
      "finish_job",
      "next_job",
      "heartbeat_job",
      "count_jobs",
      "jwt_secret",
    ]
  ) {
    const { status } = await call(name, {});
    check(status >= 400, `${name} answered ${status}`);
  }
  equal(await fingerprint(), before, "bob's rows after all of it");

  // A user cannot make an operator of herself: user_metadata is hers, app_metadata is not.
  const { status } = await fromConsole(opened.page, world, "/auth/v1/user", {
    method: "PUT",
    body: JSON.stringify({
      data: { job_role: "operator" },
      app_metadata: { job_role: "operator" },
    }),
  });
  check(status < 500, `Auth answered ${status}`);
  const [{ role }] = await sql<[{ role: string | null }]>`
    select raw_app_meta_data ->> 'job_role' as role from auth.users where id = ${ada.id}`;
  equal(role, null, "the role in app_metadata");
  nothingWrong(opened.complaints);

  async function fingerprint() {
    return [
      await sql`select * from public.job where id in (${theirs!}, ${system!}) order by id`,
      await sql`select count(*)::int from public.job where user_id = ${bob.id}`,
      await sql`select enabled from public.job_schedule where id = ${schedule!.id}`,
      await sql`select enabled from public.job_config where job_name = 'private-name'`,
    ];
  }
});

boardTest(
  "the page sends nothing anywhere else, runs no other script, and holds no secret",
  async (world) => {
    const ada = await world.newUser("ada");
    await using opened = await world.open(ada);
    const { page } = opened;
    const html = await fetch(world.stack.boardUrl);
    const header = html.headers.get("Content-Security-Policy") ?? "";
    check(
      header.includes(`connect-src 'self' ${world.stack.apiUrl} `),
      "the header names the project",
    );
    check(!/unsafe|\*/.test(header), `the header allows too much: ${header}`);
    check(
      /<meta http-equiv="Content-Security-Policy"/.test(await html.text()),
      "there is a meta tag",
    );

    // Without the header, as on a host that sets none: the meta tags alone.
    await page.route(`${world.stack.boardUrl}/`, async (route) => {
      const answer = await route.fetch();
      const { "content-security-policy": _, ...headers } = answer.headers();
      await route.fulfill({ response: answer, headers });
    });
    await opened.goTo("", "Overview");
    const tried = await page.evaluate(TRIES) as {
      sent: boolean;
      refused: string;
      ran: boolean;
      blocked: string[];
    };
    check(!tried.sent, "a request went to another server");
    check(/TrustedScriptURL/.test(tried.refused), `a script's address was taken: ${tried.refused}`);
    check(!tried.ran, "a script in the page ran");
    for (const directive of ["connect-src", "require-trusted-types-for", "style-src-elem"]) {
      check(tried.blocked.includes(directive), `${directive} did not block: ${tried.blocked}`);
    }
  },
);

// Text, because it is the browser's code and not this program's.
const TRIES = `(async () => {
  const blocked = [];
  addEventListener("securitypolicyviolation", (event) => blocked.push(event.effectiveDirective));
  const sent = await fetch("http://127.0.0.1:9/", { mode: "no-cors" }).then(() => true, () => false);
  let refused = "";
  try {
    document.createElement("script").src = "data:text/javascript,0";
  } catch (error) {
    refused = error.message;
  }
  const script = document.createElementNS("http://www.w3.org/2000/svg", "script");
  script.append("window.ran = true");
  document.head.append(script);
  const style = document.createElement("style");
  style.append("body { color: red }");
  document.head.append(style);
  await new Promise((resolve) => setTimeout(resolve, 200));
  return { sent, refused, ran: window.ran === true, blocked };
})()`;

/** Sends a request as the page would: with the token that its browser keeps. */
function fromConsole(
  page: Page,
  { stack }: World,
  path: string,
  init: RequestInit = {},
): Promise<Answer> {
  const url = path.startsWith("/") ? stack.apiUrl + path : `${stack.apiUrl}/rest/v1/${path}`;
  return page.evaluate(async ([url, key, init]) => {
    const kept = Object.keys(localStorage).find((name) => name.endsWith("-auth-token"))!;
    const token = JSON.parse(localStorage.getItem(kept)!).access_token;
    const answer = await fetch(url, {
      ...init,
      headers: {
        "apikey": key,
        "Authorization": `Bearer ${token}`,
        "Content-Type": "application/json",
        ...init.headers,
      },
    });
    return { status: answer.status, body: await answer.json().catch(() => null) };
  }, [url, stack.publishableKey, init as { headers?: Record<string, string> }] as const);
}
