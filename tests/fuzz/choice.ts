// Choices that a seed determines.
import { seededRandom } from "../concurrency/support.ts";

/** Decides what a case is made of. */
export interface Choice {
  /** An integer from 0 to below `end`. */
  below(end: number): number;
  /** True with a probability. */
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** One of the things, as often as its weight says. */
  weighted<T>(items: readonly (readonly [number, T])[]): T;
}

/** The choices of one batch of one seed. */
export function choices(seed: number, batch: number): Choice {
  const random = seededRandom(Math.imul(seed, 7919) ^ Math.imul(batch + 1, 104729));
  const below = (end: number) => Math.floor(random() * end);
  return {
    below,
    chance: (probability) => random() < probability,
    pick: (items) => items[below(items.length)]!,
    weighted(items) {
      let place = random() * items.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, item] of items) if ((place -= weight) < 0) return item;
      return items.at(-1)![1];
    },
  };
}
