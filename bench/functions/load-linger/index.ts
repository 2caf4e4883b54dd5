import { serveLoad } from "../_load/serve.ts";

serveLoad("load-linger");
