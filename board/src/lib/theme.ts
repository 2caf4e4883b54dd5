import { useState } from "react";

export type Theme = "system" | "light" | "dark";

const KEY = "board.theme";
const THEMES: Theme[] = ["system", "light", "dark"];

function read(): Theme {
  return (document.documentElement.dataset.theme as Theme | undefined) ?? "system";
}

function apply(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  dispatchEvent(new Event("themechange"));
}

/** The chosen theme, and a function that goes on to the next: the system's, light, dark. */
export function useTheme(): { theme: Theme; next: () => void } {
  const [theme, setTheme] = useState(read);
  const next = () => {
    const following = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
    apply(following);
    setTheme(following);
  };
  return { theme, next };
}
