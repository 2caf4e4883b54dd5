// Temporary folders and databases that leave nothing behind.
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import {
  type Postgres,
  type PostgresOptions,
  startPostgres,
} from "../../stack/services/postgres.ts";
import { removeWhenGone } from "./watchdog.ts";
import { startWorker } from "./worker.ts";

/**
 * A folder for a test, which the user that Postgres runs as can reach, too. It is removed at the
 * latest when this process is gone.
 */
export async function temporaryFolder(): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "supabase-job-template-test-"));
  removeWhenGone(folder);
  await fs.chmod(folder, 0o755);
  return folder;
}

/** A running temporary database. */
export interface TemporaryDatabase extends Postgres {
  dataDir: string;
}

/**
 * Starts a Postgres on a free port in a temporary folder, with the workers of net and cron if
 * wanted; stop() removes the folder.
 */
export async function startTemporaryDatabase(
  options: Omit<Partial<PostgresOptions>, "dataDir"> & { workers?: boolean } = {},
): Promise<TemporaryDatabase> {
  const dataDir = await temporaryFolder();
  const database = await startPostgres({ port: 0, fsync: false, ...options, dataDir });
  const workers = options.workers
    ? [startWorker("pg_net/worker.ts", database), startWorker("pg_cron/scheduler.ts", database)]
    : [];
  return {
    ...database,
    dataDir,
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await database.stop();
      await fs.rm(dataDir, { recursive: true, force: true });
    },
  };
}
