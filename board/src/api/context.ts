import { createContext, useContext } from "react";
import type { Board } from "./board.ts";

/** Who looks at the board, and how it asks. */
export interface Session {
  board: Board;
  email: string;
  userId: string;
  /** Sees the jobs of everybody and may change names. */
  isOperator: boolean;
  signOut: () => void;
}

export const SessionContext = createContext<Session | null>(null);

/** The session of the signed-in user. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession outside of a session");
  return session;
}
