// Deterministic noise for tests of measurements: the same seed gives the same numbers.

/** Returns a source of numbers from -1 to 1. */
export function noiseSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return (state / 2147483648) * 2 - 1;
  };
}
