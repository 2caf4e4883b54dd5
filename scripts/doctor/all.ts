import { exposedSchemas, grants, privateSchema, rowLevelSecurity } from "./access.ts";
import { net, probe, reach, token, vault } from "./chain.ts";
import type { Check } from "./check.ts";
import { database, extensions, migrations, triggers } from "./database.ts";
import { functions, runtimePolicy } from "./functions.ts";
import { failures, paused, waiting } from "./queue.ts";
import { cron, schedules } from "./schedules.ts";

/** The links, in the order in which a job depends on them. */
export const allChecks: Check[] = [
  database,
  migrations,
  extensions,
  grants,
  privateSchema,
  exposedSchemas,
  rowLevelSecurity,
  triggers,
  vault,
  net,
  reach,
  token,
  schedules,
  cron,
  runtimePolicy,
  functions,
  probe,
  paused,
  waiting,
  failures,
];
