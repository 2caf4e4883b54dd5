/**
 * The board's Content-Security-Policy. `connect` says where it may send requests: a host's header names
 * the project; the page's own meta tag cannot know it and allows any HTTPS server and this machine,
 * until the configuration is read, when a second tag narrows it (src/config.ts).
 */
export function contentSecurityPolicy(connect: string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self' ${connect.join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/** What a page without a configuration may reach. */
export const ANYWHERE = [
  "https:",
  "wss:",
  ...["http", "ws"].flatMap((scheme) => [`${scheme}://127.0.0.1:*`, `${scheme}://localhost:*`]),
];

/** A project's REST, Auth and Realtime. */
export function projectSources(url: string): string[] {
  const { origin } = new URL(url);
  return [origin, origin.replace(/^http/, "ws")];
}
