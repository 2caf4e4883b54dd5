import { type FormEvent, useState } from "react";
import type { Client } from "../client.ts";
import { messageOf } from "../lib/errors.ts";

/** Signs in with a password, or by a link in a mail (PKCE: the link works in this browser only). */
export function SignIn({ client, problem }: { client: Client; problem: string | null }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState(problem);
  const [sent, setSent] = useState(false);

  async function run(work: () => Promise<{ error: unknown }>): Promise<boolean> {
    setBusy(true);
    setFailure(null);
    const { error } = await work().catch((error) => ({ error }));
    setBusy(false);
    if (error) setFailure(messageOf(error));
    return !error;
  }

  async function withPassword(event: FormEvent) {
    event.preventDefault();
    await run(() => client.auth.signInWithPassword({ email, password }));
  }

  async function withLink() {
    const emailRedirectTo = `${location.origin}${location.pathname}`;
    const options = { emailRedirectTo, shouldCreateUser: false };
    setSent(await run(() => client.auth.signInWithOtp({ email, options })));
  }

  return (
    <main className="centre" id="content">
      <div className="card narrow">
        <h1>Job board</h1>
        <p className="muted">Sign in with your account of this project. You see your own jobs.</p>
        <form onSubmit={withPassword} className="stack">
          <label className="field">
            E-mail
            <input
              type="email"
              required
              autoFocus
              autoComplete="username"
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          </label>
          <label className="field">
            Password
            <input
              type="password"
              required
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </label>
          <div role="alert">{failure && <p className="notice error">{failure}</p>}</div>
          <div role="status">
            {sent && (
              <p className="notice">The mail is on its way. Open its link in this browser.</p>
            )}
          </div>
          <button type="submit" className="button primary" disabled={busy}>
            {busy ? "Signing in…" : "Sign in"}
          </button>
          <button
            type="button"
            className="button"
            disabled={busy || !/.+@.+/.test(email)}
            onClick={withLink}
          >
            Send me a link instead
          </button>
        </form>
      </div>
    </main>
  );
}
