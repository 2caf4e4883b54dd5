/**
 * The answers the functions gateway gives by itself. None carries X-Job headers: whoever reads
 * them must be able to tell the gateway from a function.
 */
function answer(status: number, code: string | number, message: string): Response {
  return Response.json({ code, message }, {
    status,
    headers: { "Access-Control-Allow-Origin": "*" },
  });
}

export const missingAuthorization = () => answer(401, 401, "Missing authorization header");
export const invalidJwt = () => answer(401, 401, "Invalid JWT");
export const notFound = () => answer(404, "NOT_FOUND", "Requested function was not found");
export const bootError = () =>
  answer(503, "BOOT_ERROR", "Function failed to start (please check logs)");
export const unavailable = () =>
  answer(503, "SERVICE_UNAVAILABLE", "The functions service cannot be reached");
export const idleTimeout = (seconds: number) =>
  answer(504, "IDLE_TIMEOUT", `Request idle timeout limit (${seconds}s) reached`);
export const workerError = () =>
  answer(500, "WORKER_ERROR", "Function exited due to an error (please check logs)");
export const workerLimit = () =>
  answer(
    546,
    "WORKER_LIMIT",
    "Function failed due to not having enough compute resources (please check logs)",
  );
