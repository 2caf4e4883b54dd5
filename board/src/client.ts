import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "../../supabase/functions/_shared/database.types.ts";
import type { BoardConfig } from "./config.ts";

export type Client = SupabaseClient<Database>;

const PATIENCE_MS = 20_000;

/** A client that signs in with PKCE and sends the user's own token, or none. */
export function connect({ url, publishableKey }: BoardConfig): Client {
  return createClient<Database>(url, publishableKey, {
    auth: { flowType: "pkce", detectSessionInUrl: true },
    global: { fetch: withPatience },
  });
}

/** A request that hangs is given up, so that the page can say so. */
const withPatience: typeof fetch = (input, init) => {
  const limit = AbortSignal.timeout(PATIENCE_MS);
  const signal = init?.signal ? AbortSignal.any([init.signal, limit]) : limit;
  return fetch(input, { ...init, signal });
};
