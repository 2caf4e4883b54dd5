// The edge runtime's main service in a self-hosted stack: it stands where the hosted platform has its gateway.
import { route } from "./router.ts";

interface UserWorker {
  fetch(request: Request): Promise<Response>;
}
declare const EdgeRuntime: {
  userWorkers: { create(options: Record<string, unknown>): Promise<UserWorker> };
};

const jwtSecret = Deno.env.get("JWT_SECRET");
if (!jwtSecret) throw new Error("expected the stack's JWT secret in JWT_SECRET, found it unset");

const environment = Object.entries(Deno.env.toObject()).filter(([name]) => name !== "JWT_SECRET");

Deno.serve((request) =>
  route(request, {
    jwtSecret,
    functionsDir: "/home/deno/functions",
    withoutJwt: (Deno.env.get("FUNCTIONS_WITHOUT_JWT") ?? "").split(",").map((name) => name.trim()),
    async run(servicePath, request) {
      const worker = await EdgeRuntime.userWorkers.create({
        servicePath,
        envVars: environment,
        memoryLimitMb: 256,
        workerTimeoutMs: 400_000,
        noModuleCache: false,
        forceCreate: false,
      });
      return await worker.fetch(request);
    },
  })
);
