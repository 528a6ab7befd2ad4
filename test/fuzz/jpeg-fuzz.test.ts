// Broken JPEGs in the SIMD decoder. It refuses each of them, or computes what libjpeg-turbo computes without a warning.
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { readImageHeader } from '#forebay/workers/lane/image/decode/formats/image-header.js';
import { loadJpegCodecs } from '../support/jpeg-codecs.ts';
import { createRandom } from '../support/random.ts';
import { mutate } from './mutate.ts';

const IMAGES = Number(process.env['FOREBAY_FUZZ_IMAGES'] ?? 500);
const SEED = Number(process.env['FOREBAY_FUZZ_SEED'] ?? 1);
/** A mutated header may claim any size. */
const MAX_PIXELS = 1_000_000;

async function seeds(): Promise<Uint8Array[]> {
  const random = createRandom(SEED);
  const pixels = Buffer.from(Array.from({ length: 40 * 40 * 3 }, () => random.int(0, 255)));
  const image = () => sharp(pixels, { raw: { width: 40, height: 40, channels: 3 } });
  const kinds = [
    image().jpeg({ quality: 20 }),
    image().jpeg({ quality: 100, chromaSubsampling: '4:4:4' }),
    image().jpeg({ quality: 70, optimiseCoding: false }),
    image().toColourspace('b-w').jpeg(),
    image().blur(8).jpeg(),
  ];
  return Promise.all(kinds.map(async (kind) => kind.toBuffer()));
}

/** Null: it is no JPEG of a size that the decoder would get. */
function sizeOf(image: Uint8Array): { width: number; height: number } | null {
  try {
    const { size, ordinary } = readImageHeader(image);
    return ordinary && size !== null && size.width * size.height <= MAX_PIXELS ? size : null;
  } catch {
    return null;
  }
}

it(
  'each broken JPEG is refused, or decodes as in libjpeg-turbo',
  async () => {
    const random = createRandom(SEED);
    const whole = await seeds();
    const { simd, turbo } = await loadJpegCodecs();
    let decoded = 0;
    for (let i = 0; i < IMAGES; i++) {
      const image = mutate(random, whole);
      const size = sizeOf(image);
      const pixels = size === null ? null : simd(image, size);
      if (pixels === null) continue;
      decoded += 1;
      const wanted = turbo(image, size!);
      const where = `seed ${SEED}, image ${i}, ${Buffer.from(image).toString('base64')}`;
      expect(wanted, `libjpeg-turbo refuses ${where}`).not.toBeNull();
      expect(pixels.equals(wanted!), `pixels of ${where}`).toBe(true);
    }
    expect(decoded).toBeGreaterThan(0);
    // A decoder that damaged files have left in a wrong state would fail here.
    for (const image of whole) {
      const size = sizeOf(image)!;
      expect(simd(image, size)?.equals(turbo(image, size)!)).toBe(true);
    }
  },
  60_000 + IMAGES * 10,
);
