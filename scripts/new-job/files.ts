import { ZOD } from "./versions.ts";

export interface JobFile {
  path: string;
  content: string;
}

/** The files of a new job. `migration` is the version of its migration. */
export function jobFiles(name: string, migration: string): JobFile[] {
  const constant = constantName(name);
  return [
    { path: `supabase/functions/${name}/job.ts`, content: definition(name, constant) },
    { path: `supabase/functions/${name}/index.ts`, content: handler(constant) },
    { path: `supabase/functions/tests/${name}-test.ts`, content: test(name) },
    { path: `supabase/migrations/${migration}_job_${name}.sql`, content: config(name) },
  ];
}

/** send-digest → sendDigestJob: never a reserved word. */
function constantName(name: string): string {
  const camel = name.replace(/[-_]+(.?)/g, (_, letter: string) => letter.toUpperCase());
  return `${camel[0]!.toLowerCase()}${camel.slice(1)}Job`;
}

function definition(name: string, constant: string): string {
  return `import { z } from "npm:zod@${ZOD}";
import { defineJob } from "../_shared/job/define_job.ts";

export const ${constant} = defineJob({
  name: "${name}",
  body: z.object({ message: z.string().min(1) }),
});
`;
}

function handler(constant: string): string {
  return `import { serveJob } from "../_shared/job/mod.ts";
import { ${constant} } from "./job.ts";

serveJob({
  ...${constant},
  run({ body, log }) {
    log.info(\`got "\${body.message}"\`);
    return { length: body.message.length };
  },
});
`;
}

function test(name: string): string {
  return `import { assertEquals, assertMatch } from "@std/assert";
import { withFunction } from "./support/function.ts";

Deno.test("${name} does its work", () =>
  withFunction("${name}", {}, async ({ queue, ring }) => {
    const job = queue({ request_body: { message: "hello" } });
    assertEquals((await ring(job)).status, 202);
    assertEquals([job.state, job.result], ["completed", { length: 5 }]);
  }));

Deno.test("${name} refuses a body without a message", () =>
  withFunction("${name}", {}, async ({ queue, ring }) => {
    const job = queue({ request_body: {} });
    await ring(job);
    assertEquals(job.state, "failed");
    assertMatch(job.error ?? "", /body\\.message/);
  }));
`;
}

function config(name: string): string {
  return `-- How ${name} runs. The columns of job_config say what else can be set.
insert into public.job_config (job_name, concurrency_limit, description)
values ('${name}', 1, '')
on conflict (job_name) do nothing;
`;
}
