import { contentSecurityPolicy, projectSources } from "../csp.ts";
import { messageOf } from "./lib/errors.ts";

/** All the board is told: where the project is, and the key that anybody may know. */
export interface BoardConfig {
  url: string;
  publishableKey: string;
}

/** Reads config.json beside index.html; throws an error that says what is missing. */
export async function loadConfig(): Promise<BoardConfig> {
  let text: string;
  try {
    const answer = await fetch("./config.json", { cache: "no-cache" });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    text = await answer.text();
  } catch (error) {
    throw new Error(`config.json could not be read: ${messageOf(error)}.`);
  }
  const config = checkConfig(parse(text));
  narrowPolicy(config.url);
  return config;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // A host that answers every path with index.html is the usual reason.
    throw new Error(
      text.trimStart().startsWith("<")
        ? "config.json is not there: the server answered with a page."
        : `config.json is not JSON: ${messageOf(error)}.`,
    );
  }
}

/** Refuses what is not a configuration, above all a key that must never reach a browser. */
export function checkConfig(value: unknown): BoardConfig {
  const { url, publishableKey } = (value ?? {}) as Partial<BoardConfig>;
  if (typeof url !== "string" || !/^https?:\/\/[^/]+/.test(url)) {
    throw new Error(
      'config.json: expected "url", the project\'s URL, such as https://x.supabase.co.',
    );
  }
  if (typeof publishableKey !== "string" || publishableKey === "") {
    throw new Error('config.json: expected "publishableKey", the project\'s publishable key.');
  }
  if (publishableKey.startsWith("sb_secret_") || roleOf(publishableKey) === "service_role") {
    throw new Error(
      "config.json holds a secret key, which everybody who opens this page can read. " +
        "Revoke that key, and put the publishable key here.",
    );
  }
  return { url: url.replace(/\/+$/, ""), publishableKey };
}

/** The role of a legacy key, which is a JWT. */
function roleOf(key: string): string | null {
  try {
    const payload = key.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(payload)).role;
  } catch {
    return null;
  }
}

/** From here on, requests go to this project or nowhere. */
function narrowPolicy(url: string): void {
  const meta = document.createElement("meta");
  meta.httpEquiv = "Content-Security-Policy";
  meta.content = contentSecurityPolicy(projectSources(url));
  document.head.append(meta);
}
