// Before the first paint, so that a chosen theme does not flash; src/lib/theme.ts writes the choice.
try {
  const theme = localStorage.getItem("board.theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's theme is used.
}
