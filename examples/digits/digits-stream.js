/**
 * The digits data set as a stream of any length. Row i depends only on the seed, on i and on the glyph set.
 * Chooses label and style, and encodes the JPEG. The pictures come from generator/.
 */
import sharp from 'sharp';
import { paintDigit } from './generator/picture.js';
import { createRandom } from './generator/random.js';
import { stylesOf } from './generator/styles.js';

/** @typedef {import('./generator/styles.js').GlyphSet} GlyphSet */

/**
 * @typedef {object} DigitRow
 * @property {number} index
 * @property {string} label class name, as in the models' labels.txt: '0' to '9'
 * @property {string} style name of the glyph style
 * @property {Buffer} jpeg 48 to 96 pixels each way
 */

/** Rows that are encoded at once. This keeps libuv's threads busy while the next pictures are painted. */
const AHEAD = 8;

/**
 * @param {object} options
 * @param {number} options.seed non-negative integer
 * @param {GlyphSet} [options.glyphs] `train` (default), or `heldout`: shapes that no model has seen
 * @param {number} [options.start] index of the first row, 0 by default
 * @param {number} [options.count] rows to yield; endless by default
 * @returns {AsyncGenerator<DigitRow, void, void>}
 * @throws {RangeError} if seed, start or glyph set is not valid
 */
export async function* digitsStream({ seed, glyphs = 'train', start = 0, count = Infinity }) {
  for (const [name, value] of Object.entries({ seed, start })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`${name} must be a non-negative integer, not ${String(value)}`);
    }
  }
  const styles = stylesOf(glyphs);
  const end = start + count;
  /** @type {Promise<DigitRow>[]} */
  const pending = [];
  try {
    for (let next = start; next < end || pending.length > 0;) {
      while (next < end && pending.length < AHEAD) {
        const making = makeRow(seed, next++, styles);
        // Prevents an unhandled rejection. The error is thrown when this row is awaited.
        making.catch(() => {});
        pending.push(making);
      }
      yield await /** @type {Promise<DigitRow>} */ (pending.shift());
    }
  } finally {
    // A consumer may stop early. No encoding outlives the stream.
    await Promise.allSettled(pending);
  }
}

/**
 * @param {number} seed
 * @param {number} index
 * @param {readonly import('./generator/styles.js').Style[]} styles
 * @returns {Promise<DigitRow>}
 */
async function makeRow(seed, index, styles) {
  const random = createRandom(seed, index);
  const digit = random.below(10);
  const style = random.pick(styles);
  const { width, height, pixels } = paintDigit(random, style, digit);
  const quality = 50 + random.below(46);
  const jpeg = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality })
    .toBuffer();
  return { index, label: String(digit), style: style.name, jpeg };
}
