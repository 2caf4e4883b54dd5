/**
 * Stands in for `jsr:@std/async` where JSR cannot be reached: the functions that are used here,
 * with the signatures that they have there.
 */
export * from "./deadline.ts";
export * from "./delay.ts";
export * from "./retry.ts";
