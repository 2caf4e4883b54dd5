import { App } from "@supabase/lite";
import { createPostgresConnection, type PostgresConnection } from "@supabase/lite/postgres";
import postgres from "postgres";
import { AsyncLocalStorage } from "node:async_hooks";
import { type Keys, roleOfKey } from "../keys.ts";
import { databaseErrorResponse, SchemaCacheError } from "./rest_errors.ts";
import { renewed } from "./renewed.ts";
import { type Catalog, quoteJsonStrings } from "./rest_json.ts";

export interface RestOptions {
  /** URL of the role that REST logs in as; it only ever works as anon, authenticated, service_role. */
  authenticatorUrl: string;
  /** URL of a role that sees the whole catalog: for the schema cache. */
  catalogUrl: string;
  keys: Keys;
  schemas: string[];
  extraSearchPath: string[];
  maxRows: number;
}

export interface Rest {
  fetch(request: Request): Promise<Response>;
  stop(): Promise<void>;
}

/** jsonb and json as strings pass through unchanged: the library gives serialised text, too. */
export const jsonTypes = {
  json: jsonType(114),
  jsonb: jsonType(3802),
};

/** Timestamps as JSON has them in PostgREST's answers: with a T, and the whole offset. */
const timeTypes = {
  timestamp: timeType(1114),
  timestamptz: timeType(1184),
};

function timeType(oid: number) {
  return {
    to: oid,
    from: [oid],
    serialize: (value: unknown) => value,
    parse: (value: string) => value.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"),
  };
}

function jsonType(oid: number) {
  return {
    to: oid,
    from: [oid],
    serialize: (value: unknown) => typeof value === "string" ? value : JSON.stringify(value),
    parse: (value: string) => JSON.parse(value),
  };
}

/** PostgREST's interface, by `@supabase/lite`, as the role authenticator. */
export async function createRest(options: RestOptions): Promise<Rest> {
  const admin = postgres(options.catalogUrl, { max: 2, onnotice: () => {} });
  const roles = await roleSettings(admin);
  const server = renewed((onclose) => createServer(options, roles, onclose));

  await admin.listen("pgrst", async (payload) => {
    if (payload && !payload.startsWith("reload")) return;
    Object.assign(roles, await roleSettings(admin));
    const { connection, catalog } = server.current();
    await connection.clearSchemaCache();
    await catalog.clearSchemaCache();
  });

  return {
    async fetch(request) {
      const { app, catalog } = server.current();
      const state: RequestState = { rpc: new URL(request.url).pathname.includes("/rpc/") };
      const response = await requests.run(state, async () => {
        try {
          const known = () => readCatalog(catalog, { useCache: true });
          return await app.fetch(await quoteJsonStrings(request, known));
        } catch (error) {
          if (!(error instanceof SchemaCacheError)) throw error;
          state.error = error;
          return new Response(null, { status: 503 });
        }
      });
      return databaseErrorResponse(response, state.error, state.role) ?? response;
    },
    async stop() {
      await Promise.all([admin.end({ timeout: 1 }), server.close()]);
    },
  };
}

/** The sessions as the role authenticator, those that read the catalog, and the server on both. */
function createServer(options: RestOptions, roles: RoleSettings, onclose: () => void) {
  const connection = createPostgresConnection({
    url: options.authenticatorUrl,
    postgresOptions: {
      types: { ...jsonTypes, ...timeTypes },
      max: 10,
      onnotice: () => {},
      onclose,
    },
  });
  const catalog = createPostgresConnection({
    url: options.catalogUrl,
    postgresOptions: { max: 1, onnotice: () => {}, onclose },
  });
  behaveLikePostgrest(connection, catalog, roles, options.extraSearchPath);

  const app = new App({
    connection,
    api: {
      enabled: true,
      schemas: options.schemas,
      max_rows: options.maxRows,
      // Who has a key is let in without a token; a token that is there must be a valid one.
      anonymous_enabled: false,
    },
    auth: { enabled: false, jwt_secret: options.keys.jwtSecret },
    options: {
      server: {
        middlewares: [skipUserLookup],
        apiKeys: {
          resolver: (key) => {
            const role = roleOfKey(key, options.keys);
            return Promise.resolve(role && { type: "publishable", claims: { role } });
          },
        },
      },
    },
  });

  const close = () =>
    Promise.all([connection, catalog].map(({ driver }) => driver.end({ timeout: CLOSE_SECONDS })));
  return { app, connection, catalog, close };
}

/** How long requests that are going on may take when the sessions are replaced, or the stack stops. */
const CLOSE_SECONDS = 10;

/**
 * The catalog: read once for all who ask at the same time. Throws where the library, when the database is
 * away, would go on with an empty one.
 */
async function readCatalog(
  catalog: PostgresConnection,
  options: { useCache?: boolean },
): Promise<Catalog> {
  const reading = options.useCache && beingRead.get(catalog) || catalog.introspect(options);
  if (options.useCache) beingRead.set(catalog, reading);
  const found = await reading.finally(() => beingRead.delete(catalog)) as unknown as Catalog;
  if (found.functions) return found;
  const error = new SchemaCacheError("the catalog could not be read");
  const state = requests.getStore();
  if (state) state.error = error;
  throw error;
}

const beingRead = new WeakMap<PostgresConnection, Promise<unknown>>();

/** What is known of the request that is being answered. */
interface RequestState {
  error?: unknown;
  role?: string;
  rpc: boolean;
  /** Of the user: for an rpc they are set together with those of the request. */
  settings?: [string, string][];
}
const requests = new AsyncLocalStorage<RequestState>();

/** The library asks Auth's tables about every token; PostgREST believes a valid signature. */
const skipUserLookup = async (
  context: { set(name: "userId" | "sessionId", value: string): void },
  next: () => Promise<void>,
) => {
  context.set("userId", "(the token's)");
  context.set("sessionId", "(the token's)");
  await next();
};

type RoleSettings = Record<string, [string, string][]>;

/** `ALTER ROLE … SET` of each API role: PostgREST applies them when it takes the role on. */
async function roleSettings(admin: postgres.Sql): Promise<RoleSettings> {
  const rows = await admin<{ rolname: string; setting: string }[]>`
    select rolname, unnest(rolconfig) as setting from pg_roles
    where rolname in ('anon', 'authenticated', 'service_role')`;
  const settings: RoleSettings = { anon: [], authenticated: [], service_role: [] };
  for (const { rolname, setting } of rows) {
    const at = setting.indexOf("=");
    settings[rolname]?.push([setting.slice(0, at), setting.slice(at + 1)]);
  }
  return settings;
}

interface RequestContext {
  auth?: { role?: string; jwt?: Record<string, unknown> | null };
}
interface RpcRequest {
  method: string;
  path: string;
  requestHeaders?: Record<string, string>;
}
interface Executor {
  executeQuery(query: unknown): Promise<unknown>;
}
interface Internals {
  rlsState: string;
  introspect: (options?: unknown) => Promise<unknown>;
  normalizeDbError(error: unknown): unknown;
  applyJwtSessionContext(db: Executor, vars: RequestContext): Promise<void>;
  applyRpcRequestGucs(db: Executor, request: RpcRequest): Promise<void>;
}

/**
 * The library's own way would grant everything on every table with RLS to the API roles, see only
 * what authenticator may see, and leave the roles' own settings (statement_timeout) unapplied.
 */
function behaveLikePostgrest(
  connection: PostgresConnection,
  catalog: PostgresConnection,
  roles: RoleSettings,
  extraSearchPath: string[],
): void {
  const internals = connection as unknown as Internals;
  internals.rlsState = "active";
  internals.introspect = (options) => readCatalog(catalog, options as { useCache?: boolean });
  const normalize = internals.normalizeDbError.bind(connection);
  internals.normalizeDbError = (error) => {
    const state = requests.getStore();
    if (state) state.error = error;
    return normalize(error);
  };
  internals.applyJwtSessionContext = async (db, vars) => {
    const role = vars.auth?.role || "anon";
    const claims: Record<string, unknown> = vars.auth?.jwt ?? { role };
    const state = requests.getStore();
    if (state) state.role = role;
    const settings: [string, string][] = [
      ["search_path", extraSearchPath.join(", ")],
      ...(roles[role] ?? []),
      ["role", role],
      ["request.jwt.claim.sub", String(claims.sub ?? "")],
      ["request.jwt.claim.role", role],
      ["request.jwt.claims", JSON.stringify(claims)],
    ];
    if (state?.rpc) state.settings = settings;
    else await applySettings(db, settings);
  };
  internals.applyRpcRequestGucs = (db, { method, path, requestHeaders = {} }) =>
    applySettings(db, [
      ...(requests.getStore()?.settings ?? []),
      ["response.status", ""],
      ["response.headers", ""],
      ["request.method", method],
      ["request.path", path],
      ["request.headers", JSON.stringify(requestHeaders)],
    ]);
}

/** One statement without parameters: the driver needs one round trip for it, else two for each. */
async function applySettings(db: Executor, settings: [string, string][]): Promise<void> {
  const calls = settings.map(([name, value]) =>
    `set_config(${literal(name)}, ${literal(value)}, true)`
  );
  await db.executeQuery({
    sql: `select ${calls.join(", ")}`,
    parameters: [],
    query: { kind: "RawNode" },
    queryId: { queryId: crypto.randomUUID() },
  });
}

/** A string in SQL, whatever standard_conforming_strings says. */
function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? ` E${quoted}` : quoted;
}
