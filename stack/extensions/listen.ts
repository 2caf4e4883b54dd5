// LISTEN on a connection of its own, whose loss is told and not mended behind our back: whoever
// listens must look again at what it may have missed.
import postgres from "postgres";

/** Calls the handlers at each notification of their channel, and onClosed when the session ends. */
export async function listen(
  databaseUrl: string,
  applicationName: string,
  handlers: Record<string, () => void>,
  onClosed: () => void,
): Promise<{ end(): Promise<void> }> {
  const options = {
    max: 1,
    max_lifetime: null,
    connection: { application_name: applicationName },
    onnotice: () => {},
    onnotify: (channel: string) => handlers[channel]?.(),
    onclose: onClosed,
  };
  const sql = postgres(databaseUrl, options);
  for (const channel of Object.keys(handlers)) await sql`listen ${sql(channel)}`;
  return { end: () => sql.end({ timeout: 1 }) };
}
