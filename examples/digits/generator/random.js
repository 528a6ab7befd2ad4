/**
 * Seeded random numbers (sfc32), with one independent stream per seed and row. Knows nothing of pictures.
 * It is our own code, so that rows stay the same across Node and package versions.
 */

/** @typedef {ReturnType<typeof createRandom>} Random */

/**
 * @param {number} seed non-negative safe integer
 * @param {number} row non-negative safe integer; streams of different rows are independent
 */
export function createRandom(seed, row) {
  let [a, b, c, d] = mixWords([seed >>> 0, Math.floor(seed / 2 ** 32), row >>> 0, Math.floor(row / 2 ** 32)]);

  /** @returns {number} unsigned 32-bit integer */
  function bits() {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  }
  // Discards the first dozen outputs, as the author of sfc32 advises, because they still show the seed.
  for (let i = 0; i < 12; i++) bits();

  /** Uniform in [low, high). */
  const uniform = (low = 0, high = 1) => low + (bits() / 2 ** 32) * (high - low);
  /** Uniform integer in [0, n). */
  const below = (/** @type {number} */ n) => Math.floor(uniform() * n);
  const chance = (/** @type {number} */ p) => uniform() < p;
  /**
   * @template T
   * @param {readonly T[]} items
   * @returns {T}
   */
  const pick = (items) => /** @type {T} */ (items[below(items.length)]);
  /** About normal with mean 0 and deviation 1, within +-3.5. It is the sum of the four bytes of one draw. */
  function noise() {
    const x = bits();
    return ((x & 255) + ((x >>> 8) & 255) + ((x >>> 16) & 255) + (x >>> 24) - 510) / 147.8;
  }
  return { bits, uniform, below, chance, pick, noise };
}

/**
 * Spreads every input bit over all four words (murmur3's finaliser, chained).
 * @param {readonly number[]} words
 * @returns {[number, number, number, number]}
 */
function mixWords(words) {
  /** @type {[number, number, number, number]} */
  const state = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x2b7e1516];
  for (const word of words) {
    for (let i = 0; i < 4; i++) {
      let h = (state[i] ?? 0) ^ Math.imul(word, 0xcc9e2d51) ^ Math.imul(state[(i + 3) & 3] ?? 0, 0x1b873593);
      h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
      h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
      state[i] = h ^ (h >>> 16);
    }
  }
  return state;
}
