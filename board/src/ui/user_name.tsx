import { useSession } from "../api/context.ts";
import { shortId } from "../lib/format.ts";

/** Whose something is: for operators the e-mail, else oneself. */
export function UserName({ id, email }: { id: string | null; email: string | null }) {
  const { userId } = useSession();
  if (id === null) return <span className="muted">system</span>;
  if (email) return <span title={id}>{email}</span>;
  return (
    <span className={id === userId ? "muted" : "mono"}>{id === userId ? "you" : shortId(id)}</span>
  );
}
