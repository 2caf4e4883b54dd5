const EXAMPLE = `{
  "url": "https://YOUR-PROJECT.supabase.co",
  "publishableKey": "sb_publishable_…"
}`;

/** Shown instead of the board while its configuration is missing or wrong. */
export function NotConfigured({ problem }: { problem: string }) {
  return (
    <main className="centre" id="content">
      <div className="card narrow">
        <h1>The board does not know its project</h1>
        <p role="alert">{problem}</p>
        <p>
          Put a file <code>config.json</code> beside the board's <code>index.html</code>:
        </p>
        <pre>{EXAMPLE}</pre>
        <p className="muted">
          Both values are in the Supabase dashboard under Project Settings, API Keys. The
          publishable key is meant to be public; a secret key must never be in this file. Then
          reload this page.
        </p>
      </div>
    </main>
  );
}
