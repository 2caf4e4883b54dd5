import { parse } from "smol-toml";
import { join } from "node:path";

/** What the stack reads from supabase/config.toml. */
export interface ProjectConfig {
  projectId: string;
  ports: { api: number; db: number; studio: number };
  schemas: string[];
  extraSearchPath: string[];
  maxRows: number;
  jwtExpiry: number;
  siteUrl: string;
  minimumPasswordLength: number;
  /** verify_jwt of each [functions.NAME]; a function without an entry is verified. */
  verifyJwt: Record<string, boolean>;
}

interface Toml {
  project_id?: string;
  api?: { port?: number; schemas?: string[]; extra_search_path?: string[]; max_rows?: number };
  db?: { port?: number };
  studio?: { port?: number };
  auth?: { jwt_expiry?: number; site_url?: string; minimum_password_length?: number };
  functions?: Record<string, { verify_jwt?: boolean }>;
}

/** Reads `<projectDir>/supabase/config.toml`, with the CLI's defaults for what it leaves out. */
export function readConfig(projectDir: string): ProjectConfig {
  const path = join(projectDir, "supabase", "config.toml");
  const toml = parse(Deno.readTextFileSync(path)) as Toml;
  return {
    projectId: toml.project_id ?? "supabase",
    ports: {
      api: toml.api?.port ?? 54321,
      db: toml.db?.port ?? 54322,
      studio: toml.studio?.port ?? 54323,
    },
    schemas: toml.api?.schemas ?? ["public", "graphql_public"],
    extraSearchPath: toml.api?.extra_search_path ?? ["public", "extensions"],
    maxRows: toml.api?.max_rows ?? 1000,
    jwtExpiry: toml.auth?.jwt_expiry ?? 3600,
    siteUrl: toml.auth?.site_url ?? "http://127.0.0.1:3000",
    minimumPasswordLength: toml.auth?.minimum_password_length ?? 6,
    verifyJwt: Object.fromEntries(
      Object.entries(toml.functions ?? {}).map(([name, value]) => [
        name,
        value.verify_jwt ?? true,
      ]),
    ),
  };
}
