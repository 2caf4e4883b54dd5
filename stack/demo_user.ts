import { createClient, type SupabaseClient } from "@supabase/supabase-js";

/** The password of the users that the demo and npm run queue sign up. */
const PASSWORD = "demo-password";

/** A client of a local stack that is signed in; a user it does not know yet is signed up. */
export async function signIn(
  stack: { apiUrl: string; anonKey: string },
  email: string,
): Promise<SupabaseClient> {
  const client = createClient(stack.apiUrl, stack.anonKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const credentials = { email, password: PASSWORD };
  const known = await client.auth.signInWithPassword(credentials);
  if (!known.error) return client;
  const { error } = await client.auth.signUp(credentials);
  if (!error) return client;
  throw new Error(
    `${email} could neither sign in with the demo's password (${known.error.message}) ` +
      `nor sign up (${error.message})`,
  );
}
