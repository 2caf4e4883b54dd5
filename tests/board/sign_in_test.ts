import { check, equal, nothingWrong, see } from "./support/expect.ts";
import { boardTest, PASSWORD } from "./support/world.ts";

boardTest(
  "a page without a configuration, or with a secret key, says so",
  async ({ stack, open }) => {
    await using opened = await open();
    const { page } = opened;
    const cases: [{ status?: number; body: string }, RegExp][] = [
      [{ status: 404, body: "" }, /the server answered 404/],
      [{ body: "<!doctype html>" }, /config.json is not there/],
      [{ body: "{" }, /config.json is not JSON/],
      [{ body: "{}" }, /expected "url"/],
      [{ body: `{"url": "${stack.apiUrl}"}` }, /expected "publishableKey"/],
      [{ body: `{"url": "${stack.apiUrl}", "publishableKey": "sb_secret_x"}` }, /a secret key/],
    ];
    for (const [answer, expected] of cases) {
      await page.route("**/config.json", (route) => route.fulfill(answer));
      await page.goto(stack.boardUrl);
      await see(page, "The board does not know its project");
      await see(page.getByRole("alert"), expected);
      await page.unroute("**/config.json");
    }
  },
);

boardTest(
  "a wrong password is refused in words, the right one signs in, signing out ends it",
  async ({ stack, newUser, open }) => {
    const user = await newUser("signs-in");
    await using opened = await open();
    const { page, complaints } = opened;
    await page.goto(stack.boardUrl);
    await page.getByLabel("E-mail").fill(user.email);
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await see(page.getByRole("alert"), /invalid/i);

    await page.getByLabel("Password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Overview" }).waitFor();

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Password").waitFor();
    const kept = await page.evaluate(() =>
      Object.keys(localStorage).filter((key) => key.includes("auth-token"))
    );
    equal(kept, [], "what the browser keeps of the session");
    nothingWrong(complaints);
  },
);

boardTest(
  "a link from a mail signs in the browser that asked for it, and no other (PKCE)",
  async ({ stack, sql, newUser, open }) => {
    const user = await newUser("gets-a-link");
    await using opened = await open();
    const { page } = opened;
    await page.goto(stack.boardUrl);
    await page.getByLabel("E-mail").fill(user.email);
    const [request] = await Promise.all([
      page.waitForRequest((request) =>
        request.url().includes("/auth/v1/otp") && request.method() === "POST"
      ),
      page.getByRole("button", { name: "Send me a link instead" }).click(),
    ]);
    const asked = request.postDataJSON();
    equal(asked.code_challenge_method, "s256", "the method of the challenge");
    check(asked.create_user === false, "a link must not make an account");

    // The stack sends no mail: what Auth writes down when its link is opened is written by hand.
    const code = crypto.randomUUID();
    await sql`insert into auth.flow_state (id, user_id, auth_code, authentication_method, provider_type,
        code_challenge_method, code_challenge, auth_code_issued_at, email_optional, created_at, updated_at)
      values (gen_random_uuid(), ${user.id}, ${code}, 'magiclink', 'email', 's256',
        ${asked.code_challenge}, now(), false, now(), now())`;

    await using elsewhere = await open();
    await elsewhere.page.goto(`${stack.boardUrl}/?code=${code}`);
    await see(elsewhere.page.getByRole("alert"), /in another browser/);
    check(!elsewhere.page.url().includes("code="), "a code that is no use is taken out, too");

    await page.goto(`${stack.boardUrl}/?code=${code}`);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    check(!page.url().includes("code="), "the code is taken out of the address");
  },
);
