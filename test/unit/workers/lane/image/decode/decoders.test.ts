import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageSteps } from '#forebay/shared/tasks/image/image-steps.js';
import { PREPROCESS } from '#forebay/shared/tasks/image/preprocess.js';
import { createDecoderFactory } from '#forebay/workers/lane/image/decode/decoders.js';
import { decodePicture, wholeConfig } from '#forebay/workers/lane/image/decode/picture-decoder.js';
import { createDecodeBudget } from '#forebay/workers/lane/image/decode/memory/decode-budget.js';
import { configureSharp, createSharpDecoder } from '#forebay/workers/lane/image/decode/sharp-decoder.js';
import { loadTurboNative } from '#forebay/workers/lane/image/decode/jpeg/turbo-native-codec.js';
import { createWindows } from '#forebay/workers/lane/image/decode/windows.js';
import { createSharedMemory } from '#forebay/workers/lane/out-of-memory.js';
import { createResamplingKernel } from '#forebay/workers/lane/image/resample/kernel.js';
import { createPlanCache } from '#forebay/workers/lane/image/resample/plan-cache.js';
import { LIMITS } from '../../../../../support/lanes.ts';
import { checkedConfig } from '../../../../../support/onnx/models.ts';

const MAX_PIXELS = 30_000_000;
const golden = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../../../../golden/images', name));
const photo = golden('rgb.jpg');
const limits = { ...LIMITS, maxPixels: MAX_PIXELS };
const config = (over: object = {}) =>
  PREPROCESS.parse({ resize: 64, crop: 56, interpolation: 'bicubic', ...over });
const createDecoder = createDecoderFactory(limits);
const exact = createDecoder(config());
const fast = createDecoder(config({ decode: 'fast' }));
const sharpOptions = { ...config(), ...limits };
const kernel = createResamplingKernel();
const bySharp = createSharpDecoder(sharpOptions, {
  windows: createWindows(sharpOptions, { kernelAt: () => kernel, plans: createPlanCache() }),
  memory: createSharedMemory(),
  budget: createDecodeBudget(limits.decodeBudgetBytes),
  timed: (work) => work(),
});

beforeAll(() => configureSharp());

it('decoding is exact unless the config says fast', () => {
  expect(PREPROCESS.parse({ crop: 1 }).decode).toBe('exact');
  const model = { name: 'm', task: 'image-classification', preprocess: { crop: 1, decode: 'fast' } };
  expect(checkedConfig(model)).toMatchObject({ preprocess: { decode: 'fast' } });
  expect(() => PREPROCESS.parse({ crop: 1, decode: 'quick' })).toThrow();
});

it.each([
  'rgb.jpg',
  'rgb-progressive.jpg',
  'grey-jpeg.jpg',
  'chroma-444.jpg',
  'chroma-422.jpg',
  'restarts.jpg',
])('%s is the same from the JPEG codec and from sharp, and nearly the same if fast', async (name) => {
  const pixels = await exact.decode(golden(name));
  expect(pixels).toEqual(await bySharp.decode(golden(name)));
  const quick = await fast.decode(golden(name));
  const off = quick.map((value, i) => Math.abs(value - pixels[i]!));
  expect(off.reduce((a, b) => a + b, 0) / off.length).toBeLessThan(2);
  expect(Math.max(...off)).toBeLessThan(30);
});

it('the native codec is used if it is installed', async () => {
  const codec = loadTurboNative();
  const same = Buffer.compare(await fast.decode(photo), await exact.decode(photo)) === 0;
  expect(same).toBe(codec === null);
});

it('fast falls back to exact if the native codec is not installed', async () => {
  const decoder = createDecoderFactory(limits, { loadFast: () => null })(config({ decode: 'fast' }));
  expect(await decoder.decode(photo)).toEqual(await exact.decode(photo));
});

it('images that are decoded at the same time each get their own pixels', async () => {
  const names = ['rgb.jpg', 'chroma-420.jpg', 'rgb-png.png', 'grey-jpeg.jpg', 'palette.png', 'restarts.jpg'];
  const alone: Uint8Array[] = [];
  for (const name of names) alone.push(await exact.decode(golden(name)));
  expect(await Promise.all(names.map(async (name) => exact.decode(golden(name))))).toEqual(alone);
});

it('JPEGs are decoded at once in every turn of the event loop, until the turn has lasted too long', async () => {
  const decode = () => exact.decodeTo(photo, () => 'done');
  await createDecoder.ready();
  await nextTurn();
  expect(decode()).toBe('done');
  const began = performance.now();
  while (performance.now() - began < 20);
  const later = decode();
  expect(later).toBeInstanceOf(Promise);
  expect(await later).toBe('done');
  await nextTurn();
  expect(decode()).toBe('done');
});

it('exact decoding leaves no copies of whole images as garbage', async () => {
  const [width, height] = [1200, 800];
  const large = await sharp({ create: { width, height, channels: 3, background: '#48a' } })
    .jpeg()
    .toBuffer();
  // The first image is copied once, to check that reading in place works. It also grows the memory of codec and kernel.
  await exact.decode(large);
  const before = process.memoryUsage().arrayBuffers;
  await exact.decode(large);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan((width * height * 3) / 10);
});

it('an image is held as a whole only if its pixels are asked for, which counts as more memory', async () => {
  for (const name of ['rgb-progressive.jpg', 'rgb-png-kernels.png']) {
    const decoder = createDecoder(wholeConfig(config()));
    const { pixels: whole } = await decodePicture(decoder, golden(name));
    const bytes = whole.length / 3;
    // Of what it takes, 6 bytes per pixel are the coefficients of a progressive JPEG.
    const perPixel = name.endsWith('.png') ? 6 : 12;
    const few = createDecoderFactory({ ...limits, maxDecodeBytes: bytes * perPixel });
    const original = (keepOriginal: boolean, from = createDecoder) =>
      from({ ...config({ crop: 64, resize: { width: 64, height: 64 } }), keepOriginal }).decodeTo(
        golden(name),
        (window) => [window.pixels().length, window.original?.()],
      );
    expect(await original(true)).toEqual([64 * 64 * 3, whole]);
    expect(await original(false, few)).toEqual([64 * 64 * 3, undefined]);
    await expect((async () => original(true, few))()).rejects.toMatchObject({ code: 'too_many_pixels' });
  }
});

describe('shrink', () => {
  const shrink = createDecoder(config({ decode: 'shrink' }));

  it.each([
    [1024, 768, 1.2, 30],
    // JPEG blocks extend beyond the edge, so the shrunk image is up to half a pixel too wide.
    [1101, 803, 2, 60],
    [515, 2003, 3.5, 80],
  ])('of %i x %i pixels differs from exact by under %d on average', async (width, height, mean, worst) => {
    const large = await sharp(photo).resize(width, height, { fit: 'fill' }).jpeg({ quality: 90 }).toBuffer();
    const pixels = await exact.decode(large);
    const shrunk = await shrink.decode(large);
    const off = shrunk.map((value, i) => Math.abs(value - pixels[i]!));
    expect(off.reduce((a, b) => a + b, 0) / off.length).toBeLessThan(mean);
    expect(Math.max(...off)).toBeLessThan(worst);
    expect(Math.max(...off)).toBeGreaterThan(0);
  });

  it.each([
    ['a JPEG less than four times as large', async () => sharp(photo).resize(300, 255).jpeg().toBuffer()],
    ['a PNG', async () => sharp(photo).resize(600, 450).png().toBuffer()],
  ])('leaves %s exact', async (_what, image) => {
    const file = await image();
    expect(await shrink.decode(file)).toEqual(await exact.decode(file));
  });

  it.each([
    [{ interpolation: 'bicubic' }, true],
    [{ interpolation: 'bilinear' }, true],
    [{ interpolation: 'lanczos', icc: 'convert' }, true],
    // libvips has no such resampler.
    [{ interpolation: 'box' }, false],
    [{ interpolation: 'nearest', icc: 'convert' }, false],
    [{ resize: undefined }, false],
    [{ auto_orient: true }, false],
  ])('of a large JPEG with %o is done: %s, and a plan says so', async (over, done) => {
    const large = await sharp(photo).resize(600, 450).jpeg().toBuffer();
    const shrinking = config({ ...over, decode: 'shrink' });
    const [a, b] = [createDecoder(shrinking), createDecoder(config(over))];
    expect(!Buffer.from(await a.decode(large)).equals(await b.decode(large))).toBe(done);
    expect(/shrunk/.test(imageSteps(shrinking, null)[0]!.does)).toBe(done);
  });

  it('of a damaged JPEG fails with decode_failed', async () => {
    const large = await sharp(photo).resize(1024, 768).jpeg().toBuffer();
    const cut = large.subarray(0, large.length / 2);
    await expect(shrink.decode(cut)).rejects.toMatchObject({ code: 'decode_failed' });
  });
});

describe('an image that is far too large for its bytes', () => {
  const [width, height] = [4100, 4100];
  const plain = (side = width) =>
    sharp({ create: { width: side, height, channels: 3, background: '#fff' } }).toColourspace('b-w');
  /** A JPEG whose header states a much larger size than its bytes can hold. */
  const swollen = () => {
    const bomb = Buffer.from(golden('grey-jpeg.jpg'));
    const frame = bomb.indexOf(Buffer.of(0xff, 0xc0));
    bomb.writeUInt16BE(height, frame + 5);
    bomb.writeUInt16BE(width, frame + 7);
    return bomb;
  };
  const kinds: readonly (readonly [string, () => Promise<Buffer>])[] = [
    ['PNG', async () => plain().png({ palette: true, colours: 2, compressionLevel: 9 }).toBuffer()],
    ['WebP', async () => plain().webp({ lossless: true }).toBuffer()],
    ['TIFF', async () => plain().tiff({ compression: 'ccittfax4', bitdepth: 1 }).toBuffer()],
  ];
  const others = [
    ['exact', {}],
    ['fast', { decode: 'fast' }],
    ['shrink', { decode: 'shrink' }],
    ['upright', { auto_orient: true }],
    ['in its colours', { icc: 'convert' }],
  ] as const;

  it.each(kinds)('as %s is refused by its header, on every path', async (_kind, make) => {
    const image = await make();
    for (const [name, over] of others) {
      await expect(createDecoder(config(over)).decode(image), name).rejects.toMatchObject({
        code: 'decompression_ratio',
        message: expect.stringMatching(
          `4100 x 4100 pixels out of ${image.length} bytes, more than 5000 .*FOREBAY_MAX_IMAGE_RATIO`,
        ),
      });
    }
  });

  it('as JPEG is refused before the codec sees it', async () => {
    for (const [name, over] of others) {
      const decoder = createDecoderFactory({ ...limits, maxImageRatio: 1000 })(config(over));
      await expect(decoder.decode(swollen()), name).rejects.toMatchObject({ code: 'decompression_ratio' });
    }
  });

  it('as JPEG is refused after a genuine one of the same size, too', async () => {
    const decoder = createDecoderFactory({ ...limits, maxImageRatio: 50 })(config());
    const image = await plain().jpeg().toBuffer();
    const padded = Buffer.concat([image, Buffer.alloc((width * height * 3) / 50)]);
    expect((await decoder.decode(padded)).length).toBe(56 * 56 * 3);
    await expect(decoder.decode(image)).rejects.toMatchObject({ code: 'decompression_ratio' });
  });

  it('is decoded up to 16 megapixels, and beyond if the limit is higher', async () => {
    const image = await plain(3900).webp({ lossless: true }).toBuffer();
    expect((await exact.decode(image)).length).toBe(56 * 56 * 3);
    const generous = createDecoderFactory({ ...limits, maxImageRatio: 1_000_000 })(config());
    for (const [, make] of kinds) expect((await generous.decode(await make())).length).toBe(56 * 56 * 3);
  });
});

it('a decoder names the codec that JPEGs really get', () => {
  const without = createDecoderFactory(limits, { loadFast: () => null });
  expect(without(config({ decode: 'fast' })).jpeg).toBe('wasm');
  expect(fast.jpeg).toBe(loadTurboNative() === null ? 'wasm' : 'turbo-native');
  expect(exact.jpeg).toBe('wasm');
  expect(createDecoder(config({ decode: 'fast', auto_orient: true })).jpeg).toBe('sharp');
});

describe.each([
  ['exact', exact],
  ['fast', fast],
])('unusual JPEGs, decoding %s', (_name, decoder) => {
  it.each([
    ['cut off', photo.subarray(0, 3000)],
    ['cut off in its header', photo.subarray(0, 300)],
    ['scrambled', Buffer.concat([photo.subarray(0, 700), Buffer.alloc(4000, 0xd7)])],
  ])('a file that is %s fails with decode_failed, as in sharp', async (_what, file) => {
    await expect(bySharp.decode(file)).rejects.toMatchObject({ code: 'decode_failed' });
    await expect(decoder.decode(file)).rejects.toMatchObject({ code: 'decode_failed' });
  });

  it('CMYK decodes as in sharp, and garbage after the image is ignored', async () => {
    const trailed = Buffer.concat([photo, Buffer.from('rubbish')]);
    expect(await decoder.decode(golden('cmyk.jpg'))).toEqual(await bySharp.decode(golden('cmyk.jpg')));
    expect(await decoder.decode(trailed)).toEqual(await decoder.decode(photo));
  });

  it('too many pixels are refused by the header', async () => {
    const bomb = Buffer.from(photo);
    const frame = bomb.indexOf(Buffer.of(0xff, 0xc0));
    bomb.writeUInt16BE(60_000, frame + 5);
    bomb.writeUInt16BE(60_000, frame + 7);
    await expect(decoder.decode(bomb)).rejects.toMatchObject({ code: 'too_many_pixels' });
  });

  it('a large image is decoded, and the next one after it', async () => {
    const large = await sharp(photo).resize(5600, 4200, { fit: 'fill' }).jpeg().toBuffer();
    expect((await decoder.decode(large)).length).toBe(56 * 56 * 3);
    const { length } = await decoder.decode(golden('chroma-420.jpg'));
    expect(length).toBe(56 * 56 * 3);
  });
});

it('an orientation is applied if the config asks for it', async () => {
  const upright = createDecoder(config({ auto_orient: true }));
  const plain = await exact.decode(golden('orientation-6.jpg'));
  expect(await upright.decode(golden('orientation-6.jpg'))).not.toEqual(plain);
  expect(await upright.decode(golden('orientation-1.jpg'))).toEqual(
    await exact.decode(golden('orientation-1.jpg')),
  );
});
