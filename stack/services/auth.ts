import { App } from "@supabase/lite";
import { createPostgresConnection } from "@supabase/lite/postgres";
import { type Keys, roleOfKey } from "../keys.ts";
import { renewed } from "./renewed.ts";
import { jsonTypes } from "./rest.ts";

export interface AuthOptions {
  /** URL of a role that owns or may write the auth schema. */
  authUrl: string;
  keys: Keys;
  apiUrl: string;
  siteUrl: string;
  jwtExpiry: number;
  minimumPasswordLength: number;
}

/** GoTrue's interface, by `@supabase/lite`. Mails are not sent: sign-ups confirm themselves. */
export function createAuth(options: AuthOptions) {
  const server = renewed((onclose) => createServer(options, onclose));
  return {
    fetch: (request: Request) => server.current().app.fetch(request),
    stop: server.close,
  };
}

function createServer(options: AuthOptions, onclose: () => void) {
  const connection = createPostgresConnection({
    url: options.authUrl,
    postgresOptions: { types: jsonTypes, max: 4, onnotice: () => {}, onclose },
  });
  const app = new App({
    connection,
    api: { enabled: false, external_url: options.apiUrl },
    auth: {
      enabled: true,
      enable_signup: true,
      jwt_secret: options.keys.jwtSecret,
      jwt_expiry: options.jwtExpiry,
      site_url: options.siteUrl,
      minimum_password_length: options.minimumPasswordLength,
      email: { enable_signup: true, enable_confirmations: false },
    },
    options: {
      server: {
        apiKeys: {
          resolver: (key) => {
            const role = roleOfKey(key, options.keys);
            return Promise.resolve(role && { type: "publishable", claims: { role } });
          },
        },
      },
    },
  });
  return { app, close: () => connection.driver.end({ timeout: 10 }) };
}
