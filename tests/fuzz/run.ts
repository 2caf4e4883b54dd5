// A whole run: batches until there have been enough cases.
import { type BatchResult, CASES_PER_BATCH, type Finding, runBatch } from "./batch.ts";
import { createWorld, type World } from "./world.ts";

export interface FuzzOptions {
  seed: number;
  cases: number;
  /** Only this batch. */
  batch?: number;
  /** Changes the engine first: to see that it would be noticed. */
  prepare?(world: World): Promise<void>;
  /** Stop after the first batch with such a finding. */
  stopAt?(finding: Finding): boolean;
  log?(line: string): void;
}

export interface FuzzResult {
  seed: number;
  cases: number;
  batches: number;
  seconds: number;
  findings: Finding[];
  /** How often each kind of outcome was met. */
  outcomes: Record<string, number>;
  /** Functions that were called, and those of the catalogue that were not. */
  called: string[];
  missed: string[];
  /** Warnings of the engine about one row, which did not stop the others. */
  warnings: Record<string, number>;
}

/** Runs the batches of a seed on a database of their own. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const world = await createWorld();
  try {
    await options.prepare?.(world);
    return await runBatches(world, options);
  } finally {
    await world.stop();
  }
}

async function runBatches(world: World, options: FuzzOptions): Promise<FuzzResult> {
  const started = performance.now();
  const batches = options.batch === undefined
    ? Array.from({ length: Math.ceil(options.cases / CASES_PER_BATCH) }, (_, batch) => batch)
    : [options.batch];
  const results: BatchResult[] = [];
  for (const batch of batches) {
    const result = await runBatch(world, options.seed, batch, CASES_PER_BATCH);
    results.push(result);
    if (result.findings.length > 0) {
      options.log?.(`batch ${batch}: ${result.findings.length} findings`);
      if (options.stopAt && result.findings.some(options.stopAt)) break;
    }
  }
  const called = new Set(results.flatMap((result) => [...result.called]));
  const all = world.catalog.functions.map(({ schema, name }) => `${schema}.${name}`);
  return {
    seed: options.seed,
    cases: results.reduce((sum, { cases }) => sum + cases, 0),
    batches: results.length,
    seconds: (performance.now() - started) / 1000,
    findings: results.flatMap(({ findings }) => findings),
    outcomes: Object.fromEntries(sum(results.map(({ outcomes }) => outcomes))),
    called: [...called].sort(),
    missed: [...new Set(all)].filter((name) => !called.has(name)),
    warnings: Object.fromEntries(world.warnings),
  };
}

function sum(counts: Map<string, number>[]): [string, number][] {
  const total = new Map<string, number>();
  for (const [what, count] of counts.flatMap((map) => [...map])) {
    total.set(what, (total.get(what) ?? 0) + count);
  }
  return [...total].sort(([a], [b]) => a < b ? -1 : 1);
}

/** A finding as it is printed: with the command that runs its batch again. */
export function describeFinding(seed: number, finding: Finding): string {
  const { batch, number, what, sql, actor } = finding;
  const lines = [
    number < 0 ? `batch ${batch}, at its end: ${what}` : `batch ${batch}, case ${number}: ${what}`,
  ];
  if (sql) {
    const who = actor === null ? "the database" : actor;
    lines.push(`    as ${who}: ${sql.length > 2000 ? `${sql.slice(0, 2000)} …` : sql}`);
  }
  lines.push(`    again: npm run fuzz -- --seed ${seed} --batch ${batch}`);
  return lines.join("\n");
}
