import { z } from "npm:zod@4.6.7";
import { PermanentError, serveJob } from "../_shared/job/mod.ts";
import { readChunk } from "./chunk.ts";
import { importContacts } from "./job.ts";

const contact = z.object({ email: z.email(), name: z.string().default("") });

serveJob({
  ...importContacts,
  async run({ body, signal, log, commit }) {
    const chunk = await readChunk(body, signal);
    if (!chunk.columns.includes("email")) {
      throw new PermanentError(
        `the file needs a column "email", found: ${chunk.columns.join(", ") || "none"}`,
      );
    }
    const rows = [];
    for (const row of chunk.rows) {
      const parsed = contact.safeParse(row);
      if (parsed.success) rows.push(parsed.data);
      else log.warn(`skipped: ${parsed.error.issues[0]?.message}`, row);
    }
    log.info(`bytes ${body.from} to ${chunk.end}: ${rows.length} of ${chunk.rows.length} rows`);
    const next = chunk.isLast ? null : { ...body, from: chunk.end, columns: chunk.columns };
    return await commit("import_contacts_chunk", { _rows: rows, _next: next });
  },
});
