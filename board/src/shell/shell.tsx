import { type ReactNode, useState, useSyncExternalStore } from "react";
import { useSession } from "../api/context.ts";
import { useShortcuts } from "../lib/keyboard.ts";
import { navigate, useRoute } from "../lib/router.ts";
import { useTheme } from "../lib/theme.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { Help } from "./help.tsx";
import { LiveMark } from "./live_mark.tsx";

const LINKS: { path: string; text: string; icon: IconName; at: (first?: string) => boolean }[] = [
  { path: "/", text: "Overview", icon: "overview", at: (first) => first === undefined },
  { path: "/jobs", text: "Jobs", icon: "jobs", at: (first) => first === "jobs" },
  { path: "/names", text: "Names", icon: "names", at: (first) => first === "names" },
  { path: "/new", text: "New job", icon: "plus", at: (first) => first === "new" },
];

/** What is around every page: where to go, who one is, whether the page is up to date. */
export function Shell({ children }: { children: ReactNode }) {
  const { email, isOperator, signOut } = useSession();
  const { path: [first] } = useRoute();
  const { theme, next } = useTheme();
  const [help, setHelp] = useState(false);
  const online = useSyncExternalStore(onConnection, () => navigator.onLine);
  useShortcuts({
    "?": () => setHelp(true),
    "g o": () => navigate("#/"),
    "g j": () => navigate("#/jobs"),
    "g n": () => navigate("#/names"),
    "n": () => navigate("#/new"),
  });

  return (
    <div className="shell">
      <a className="skip" href="#content" onClick={skipToContent}>Skip to content</a>
      <nav className="nav" aria-label="Board">
        <div className="brand">
          <Icon name="jobs" /> Jobs
        </div>
        <ul>
          {LINKS.map(({ path, text, icon, at }) => (
            <li key={path}>
              <a href={`#${path}`} aria-current={at(first) ? "page" : undefined}>
                <Icon name={icon} />
                <span>{text}</span>
              </a>
            </li>
          ))}
        </ul>
        <div className="nav-foot">
          <LiveMark />
          <div className="who" title={email}>
            <span className="who-mail">{email}</span>
            {isOperator && <span className="tag">operator</span>}
          </div>
          <div className="nav-tools">
            <button
              type="button"
              className="icon-button"
              onClick={next}
              aria-label={`Theme: ${theme}`}
              title={`Theme: ${theme}`}
            >
              <Icon name={theme === "system" ? "system" : theme === "dark" ? "moon" : "sun"} />
            </button>
            <button
              type="button"
              className="icon-button"
              onClick={() => setHelp(true)}
              aria-label="Keyboard help"
              title="Keyboard help (?)"
            >
              <Icon name="help" />
            </button>
            <button
              type="button"
              className="icon-button"
              onClick={signOut}
              aria-label="Sign out"
              title="Sign out"
            >
              <Icon name="out" />
            </button>
          </div>
        </div>
      </nav>
      <div className="content">
        {!online && (
          <p className="notice offline" role="status">
            <Icon name="warning" />
            You are offline. What is shown is the latest that was read; it goes on by itself.
          </p>
        )}
        {children}
      </div>
      {help && <Help onClose={() => setHelp(false)} />}
    </div>
  );
}

/** The hash is the router's: the focus is moved by hand. */
function skipToContent(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("#content h1")?.focus();
}

function onConnection(listener: () => void): () => void {
  addEventListener("online", listener);
  addEventListener("offline", listener);
  return () => {
    removeEventListener("online", listener);
    removeEventListener("offline", listener);
  };
}
