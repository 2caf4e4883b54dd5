import { serveLibraryJob } from "../_shared/library_job.ts";

serveLibraryJob("chaos-untouched");
