/** Generates seeded numbers for weights. The same seed gives the same file. */

/**
 * @param {number} seed
 * @returns makers of weights, which share one sequence of numbers
 */
export function createWeights(seed) {
  let state = (seed * 0x9e3779b9) | 1;

  /** xorshift32, which is fast and good enough for weights. @returns {number} -1..1 */
  function next() {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 0x80000000;
  }

  return {
    /** Uniform numbers with the given standard deviation. @param {number} deviation */
    random: (deviation) => (count) => {
      const values = new Float32Array(count);
      const scale = deviation * Math.sqrt(3);
      for (let i = 0; i < count; i++) values[i] = next() * scale;
      return values;
    },
    constant: (value) => (count) => new Float32Array(count).fill(value),
  };
}
