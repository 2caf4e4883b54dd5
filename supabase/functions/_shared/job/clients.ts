import { createClient, type SupabaseClient } from "npm:@supabase/supabase-js@2.119.1";
import type { Database } from "../database.types.ts";
import type { Environment } from "./environment.ts";

/** A client that knows the project's tables and functions: `npm run types` writes them down. */
export type Client = SupabaseClient<Database>;

/** A client that acts as the given user: RLS applies. */
export function userClient(environment: Environment, authorization: string): Client {
  return client(environment, environment.anonKey, authorization);
}

/** A client that acts as service_role: RLS does not apply. */
export function adminClient(environment: Environment): Client {
  return client(environment, environment.serviceKey, `Bearer ${environment.serviceKey}`);
}

function client(environment: Environment, key: string, authorization: string): Client {
  return createClient<Database>(environment.url, key, {
    global: { headers: { Authorization: authorization } },
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
}
