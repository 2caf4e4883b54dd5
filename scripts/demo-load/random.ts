/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export type Random = () => number;

/** A generator for a seed. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of the values, each as likely as it weighs. */
export function pick<T>(rng: Random, weighed: [T, number][]): T {
  let left = rng() * weighed.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [value, weight] of weighed) {
    left -= weight;
    if (left < 0) return value;
  }
  return weighed[weighed.length - 1]![0];
}
