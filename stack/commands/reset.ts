import { join } from "node:path";
import { stackDir } from "../run_file.ts";
import { removePostgresData } from "../services/postgres.ts";
import { stop } from "./stop.ts";

/** Stops the stack and deletes its data. */
export async function reset(): Promise<number> {
  await stop();
  console.log(`deleting the local database and the logs in ${stackDir}`);
  await removePostgresData(join(stackDir, "db"));
  await Deno.remove(stackDir, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  console.log("done: the next npm start begins with an empty database");
  return 0;
}
