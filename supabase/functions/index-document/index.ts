import { RuntimeApiError, serveJob } from "../_shared/job/mod.ts";
import { indexDocument } from "./job.ts";

serveJob({
  ...indexDocument,
  async run({ body, supabase, signal, log, commit }) {
    while (!signal.aborted) {
      const { data: document, error } = await supabase
        .from("document").select("content, version").eq("id", body.documentId).maybeSingle();
      if (error) throw new Error(`the document could not be read: ${error.message}`);
      if (!document) return "the document is gone";

      const words = document.content.split(/\s+/).filter(Boolean).length;
      try {
        return await commit("save_document_index", {
          _document_id: body.documentId,
          _version: document.version,
          _word_count: words,
        });
      } catch (error) {
        const hasChanged = error instanceof RuntimeApiError && error.code === "JQ409";
        if (!hasChanged) throw error;
        log.info("the document has changed meanwhile: counting again");
      }
    }
  },
});
