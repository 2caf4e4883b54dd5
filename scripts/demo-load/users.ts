import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type postgres from "postgres";

export const PASSWORD = "demo-password";
export const OPERATOR_EMAIL = "operator@example.com";
export const DEMO_EMAILS = [
  "ada@example.com",
  "bob@example.com",
  "carol@example.com",
  OPERATOR_EMAIL,
];

/** A signed-in user of the demo. */
export interface DemoUser {
  id: string;
  email: string;
  client: SupabaseClient;
}

/** Signs the demo's users in, and up where they are new; makes the last one an operator. */
export async function signInAll(
  sql: postgres.Sql,
  apiUrl: string,
  apiKey: string,
): Promise<DemoUser[]> {
  const users: DemoUser[] = [];
  for (const email of DEMO_EMAILS) users.push(await signIn(apiUrl, apiKey, email));
  await sql`
    update auth.users set raw_app_meta_data = coalesce(raw_app_meta_data, '{}') || '{"job_role": "operator"}'
    where email = ${OPERATOR_EMAIL}`;
  return users;
}

async function signIn(apiUrl: string, apiKey: string, email: string): Promise<DemoUser> {
  const client = createClient(apiUrl, apiKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const known = await client.auth.signInWithPassword({ email, password: PASSWORD });
  const { data, error } = known.error
    ? await client.auth.signUp({ email, password: PASSWORD })
    : known;
  if (error) throw new Error(`${email} could not be signed in or up: ${error.message}`);
  if (!data.user || !data.session) {
    throw new Error(`${email} must confirm the address first: switch that off in Auth's settings`);
  }
  return { id: data.user.id, email, client };
}
