import type { Session as AuthSession } from "@supabase/supabase-js";
import { useEffect, useMemo, useState } from "react";
import { createBoard } from "./api/board.ts";
import { SessionContext } from "./api/context.ts";
import type { Client } from "./client.ts";
import { forgetMailLink } from "./lib/mail_link.ts";
import { useInvalidation } from "./lib/realtime.ts";
import { useRoute } from "./lib/router.ts";
import { Pages } from "./pages/pages.tsx";
import { SignIn } from "./pages/sign_in.tsx";
import { ErrorBoundary } from "./ui/error_boundary.tsx";
import { Shell } from "./shell/shell.tsx";
import { Toasts } from "./ui/toast.tsx";

/** The board: signing in, then its pages. */
export function App({ client, linkProblem }: { client: Client; linkProblem: string | null }) {
  const [session, setSession] = useState<AuthSession | null>();
  const [problem, setProblem] = useState(linkProblem);
  useEffect(() => {
    const { data } = client.auth.onAuthStateChange((_event, now) => {
      setSession(now);
      forgetMailLink();
      if (now) setProblem(null);
    });
    return () => data.subscription.unsubscribe();
  }, [client]);

  if (session === undefined) return null;
  return (
    <Toasts>
      {session
        ? <SignedIn key={session.user.id} client={client} session={session} />
        : <SignIn client={client} problem={problem} />}
    </Toasts>
  );
}

function SignedIn({ client, session }: { client: Client; session: AuthSession }) {
  const board = useMemo(() => createBoard(client), [client]);
  // What the page shows follows the token; what may be done is the database's decision alone.
  const isOperator = session.user.app_metadata.job_role === "operator";
  const { id: userId, email = "" } = session.user;
  const { path } = useRoute();
  useInvalidation(client, userId, isOperator);
  const value = useMemo(
    () => ({ board, email, userId, isOperator, signOut: () => void client.auth.signOut() }),
    [board, email, userId, isOperator, client],
  );
  return (
    <SessionContext value={value}>
      <Shell>
        <ErrorBoundary key={path.join("/")}>
          <Pages />
        </ErrorBoundary>
      </Shell>
    </SessionContext>
  );
}
