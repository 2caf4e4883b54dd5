/**
 * What to say if the page was come to by the link of a mail, and nobody is signed in: Auth's own words,
 * or that the link belongs to another browser. Null: the page was come to otherwise. Read once, before
 * the client takes the code out of the address.
 */
export function readMailLink(): string | null {
  const query = new URLSearchParams(location.search);
  const hash = new URLSearchParams(location.hash.replace(/^#/, ""));
  const refused = query.get("error_description") ?? hash.get("error_description");
  if (refused) return refused;
  return query.has("code")
    ? "That link has been used already, or it was asked for in another browser."
    : null;
}

/** Takes a link that led nowhere out of the address. */
export function forgetMailLink(): void {
  if (location.search) history.replaceState(null, "", location.pathname + location.hash);
}
