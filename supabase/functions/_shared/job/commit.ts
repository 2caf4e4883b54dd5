import type { Database } from "../database.types.ts";

type Functions = Database["public"]["Functions"];

/** The SQL functions of the project; those of the runtime API, which take a token, are not meant. */
export type CommitFunction = {
  [F in keyof Functions]: Functions[F]["Args"] extends { _token: string } ? never : F;
}[keyof Functions];

/** The arguments of one of them. SQL takes null for each, which the generated types do not say. */
export type CommitArgs<F extends CommitFunction> = {
  [A in keyof Functions[F]["Args"]]: Functions[F]["Args"][A] | null;
};

/** What it returns. */
export type CommitResult<F extends CommitFunction> = Functions[F]["Returns"];

/**
 * Runs the SQL function `public.<rpc>` as the job's user and completes the job in the same
 * transaction: both happen, once, or neither. Resolves to the function's result.
 *
 * Names and arguments are those of `_shared/database.types.ts`: `npm run types` writes it anew
 * after a migration.
 */
export type Commit = <F extends CommitFunction>(
  rpc: F,
  ...args: Record<never, never> extends CommitArgs<F> ? [args?: CommitArgs<F>]
    : [args: CommitArgs<F>]
) => Promise<CommitResult<F>>;
