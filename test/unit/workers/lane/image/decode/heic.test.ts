// Decodes HEIC with libheif. The samples and their pixels come from pillow-heif (test/support/heic/make_heic.py).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { ForebayError } from '#forebay/shared/errors.js';
import { PREPROCESS } from '#forebay/shared/tasks/image/preprocess.js';
import { createDecoderFactory } from '#forebay/workers/lane/image/decode/decoders.js';
import { isHeic, largestSize } from '#forebay/workers/lane/image/decode/heic/heic-file.js';
import { loadHeicLibrary } from '#forebay/workers/lane/image/decode/heic/heic-library.js';
import { LIMITS } from '../../../../../support/lanes.ts';

const FOLDER = join(import.meta.dirname, '../../../../../support/heic');
const sample = (name: string) => readFileSync(join(FOLDER, `${name}.heic`));
const SIZE = { width: 80, height: 56 };
const config = (over: object = {}) =>
  PREPROCESS.parse({ resize: { width: 40, height: 28 }, crop: { width: 40, height: 28 }, ...over });

function isInstalled(): boolean {
  try {
    return loadHeicLibrary() !== null;
  } catch {
    return false;
  }
}

it('a HEIC file is recognised by its brand, and states the size of the whole image', () => {
  expect(isHeic(sample('plain'))).toBe(true);
  expect(largestSize(sample('plain'))).toEqual({ width: 80, height: 64 });
  const avif = readFileSync(join(FOLDER, '../../golden/images/avif-444.avif'));
  expect(isHeic(avif)).toBe(false);
  expect(isHeic(Buffer.from('\0\0\0\x1cftypmif1\0\0\0\0mif1heic', 'latin1'))).toBe(true);
  expect(isHeic(Buffer.from('\0\0\0\x1cftypmif1\0\0\0\0mif1avif', 'latin1'))).toBe(false);
  expect(isHeic(new Uint8Array(3))).toBe(false);
  expect(largestSize(Buffer.from('\0\0\0\x14ispe\0\0\0\0\0', 'latin1'))).toBeNull();
});

it('without the library, a HEIC image is an error that says what to install', async () => {
  const loadHeic = () => {
    throw new ForebayError('unsupported_format', 'HEIC needs the optional package libheif-js');
  };
  const decoder = createDecoderFactory(LIMITS, { loadHeic })(config());
  await expect(decoder.decode(sample('plain'))).rejects.toMatchObject({ code: 'unsupported_format' });
  // Other formats do not need the library.
  const png = readFileSync(join(FOLDER, 'plain.png'));
  await expect(decoder.decode(png)).resolves.toHaveLength(40 * 28 * 3);
  if (isInstalled()) return;
  await expect(createDecoderFactory(LIMITS)(config()).decode(sample('plain'))).rejects.toThrow(
    /HEIC needs the optional package libheif-js.*npm install libheif-js/,
  );
});

it('an image that would take too much memory is refused before it is decoded', async () => {
  const opened = { open: () => expect.unreachable('it is opened') };
  const decoderOf = (limits: object) =>
    createDecoderFactory({ ...LIMITS, ...limits }, { loadHeic: () => opened })(config());
  await expect(decoderOf({ maxPixels: 4_000 }).decode(sample('plain'))).rejects.toMatchObject({
    code: 'too_many_pixels',
  });
  await expect(decoderOf({ maxDecodeBytes: 1_000_000 }).decode(sample('plain'))).rejects.toThrow(
    /80 x 64 pixels of HEIC take 17 MB to decode/,
  );
});

describe.skipIf(!isInstalled())('with libheif-js (skipped without it: npm i --no-save libheif-js)', () => {
  const decoder = createDecoderFactory(LIMITS)(config());

  /** The pixels of the whole image. */
  async function wholeOf(name: string): Promise<{ pixels: Uint8Array; width: number; height: number }> {
    const { width, height } = await sharp(join(FOLDER, `${name}.png`)).metadata();
    const whole = config({ resize: undefined, crop: { width, height } });
    return { pixels: await createDecoderFactory(LIMITS)(whole).decode(sample(name)), width, height };
  }

  it.each(['plain', 'turned', 'alpha', 'ten-bits'])(
    '%s has nearly the pixels of pillow-heif',
    async (name) => {
      const { pixels } = await wholeOf(name);
      const expected = await sharp(join(FOLDER, `${name}.png`))
        .removeAlpha()
        .raw()
        .toBuffer();
      expect(pixels).toHaveLength(expected.length);
      const off = pixels.map((value, i) => Math.abs(value - expected[i]!));
      expect(Math.max(...off)).toBeLessThanOrEqual(3);
      expect(off.reduce((a, b) => a + b, 0) / off.length).toBeLessThan(0.1);
    },
  );

  it('an image is turned only once, even with auto_orient', async () => {
    const { width, height } = SIZE;
    const upright = config({ resize: undefined, crop: { width: height, height: width } });
    const as = async (more: object) =>
      createDecoderFactory(LIMITS)({ ...upright, ...more }).decode(sample('turned'));
    expect(await as({ auto_orient: true })).toEqual(await as({}));
    expect(await as({ icc: 'convert' })).toEqual(await as({}));
  });

  it('is resized, cropped and made grey like any other image', async () => {
    const { pixels, width, height } = await wholeOf('plain');
    const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    for (const more of [{}, { channels: 1 }, { resize: 30, crop: 24, interpolation: 'bicubic' }]) {
      const one = createDecoderFactory(LIMITS)(config(more));
      expect(Buffer.compare(await one.decode(sample('plain')), await one.decode(png))).toBe(0);
    }
  });

  it('damaged images are errors, and the next one is decoded', async () => {
    const whole = sample('plain');
    for (const bytes of [whole.subarray(0, 40), whole.subarray(0, 700)]) {
      await expect(decoder.decode(bytes)).rejects.toThrow(/the HEIC image is damaged or not decodable: /);
    }
    await expect(decoder.decode(whole)).resolves.toHaveLength(40 * 28 * 3);
  });

  it('images at the same time each get their own pixels', async () => {
    const names = ['plain', 'alpha', 'ten-bits', 'turned'];
    const alone: Uint8Array[] = [];
    for (const name of names) alone.push(await decoder.decode(sample(name)));
    expect(await Promise.all(names.map(async (name) => decoder.decode(sample(name))))).toEqual(alone);
  });
});
