/**
 * A schema for a job's body: zod's, or any other that speaks Standard Schema. Only its shape is
 * named here, so that an app shares the definition without sharing the functions' imports.
 */
export interface BodySchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Validated<Output> | Promise<Validated<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

type Validated<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] };

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What queues a job of this kind must send. */
export type BodyInput<S extends BodySchema> = NonNullable<S["~standard"]["types"]>["input"];

/** What a handler of this kind gets. */
export type BodyOutput<S extends BodySchema> = NonNullable<S["~standard"]["types"]>["output"];

/** A kind of job: what its function, the app and other functions have in common. */
export interface JobDefinition<S extends BodySchema = BodySchema> {
  /** Name of the job, of its function and of the function's folder. */
  name: string;
  /** Schema of the body. */
  body: S;
}

const NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,127}$/;

/** Defines a kind of job. Throws if no Edge Function can have the name. */
export function defineJob<S extends BodySchema>(job: JobDefinition<S>): JobDefinition<S> {
  if (NAME.test(job.name)) return job;
  throw new TypeError(
    `a job's name starts with a letter and has at most 128 letters, digits, "-" and "_": ` +
      `found "${job.name}"`,
  );
}

/** A body that does not fit its job's schema; the message names each field. */
export class JobBodyError extends Error {
  override name = "JobBodyError";
}

/** The body as the handler will see it. Throws a JobBodyError that names the wrong fields. */
export async function parseBody<S extends BodySchema>(
  job: JobDefinition<S>,
  body: unknown,
): Promise<BodyOutput<S>> {
  const validated = await job.body["~standard"].validate(body);
  if (!validated.issues) return validated.value as BodyOutput<S>;
  const fields = validated.issues.map((issue) => `${fieldPath(issue)}: ${issue.message}`);
  throw new JobBodyError(`the body of ${job.name} is invalid: ${fields.join("; ")}`);
}

function fieldPath(issue: Issue): string {
  const keys = (issue.path ?? []).map((part) => typeof part === "object" ? part.key : part);
  return ["body", ...keys.map(String)].join(".");
}
