import manifest from "../../package.json" with { type: "json" };

/** The version of zod that the functions import: the one in package.json. */
export const ZOD = manifest.dependencies.zod;
