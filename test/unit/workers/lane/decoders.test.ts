import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { MODEL_CONTRACT, PREPROCESS } from '#forebay/shared/domain/model-contract.js';
import { createDecoderFactory } from '#forebay/workers/lane/decode/decoders.js';
import { configureSharp, createSharpDecoder } from '#forebay/workers/lane/decode/sharp-decoder.js';
import { loadTurboNative } from '#forebay/workers/lane/decode/turbo-native-codec.js';
import { createResamplingKernel } from '#forebay/workers/lane/resample/kernel.js';
import { createPlanCache } from '#forebay/workers/lane/resample/plan-cache.js';

const MAX_PIXELS = 30_000_000;
const golden = (name: string) => readFileSync(join(import.meta.dirname, '../../../golden/images', name));
const photo = golden('rgb.jpg');
const contract = (over: object = {}) => ({
  ...PREPROCESS.parse({ resize: 64, crop: 56, interpolation: 'bicubic', ...over }),
  maxPixels: MAX_PIXELS,
});
const createDecoder = createDecoderFactory();
const exact = createDecoder(contract());
const fast = createDecoder(contract({ decode: 'fast' }));
const bySharp = createSharpDecoder(contract(), {
  kernel: createResamplingKernel(),
  plans: createPlanCache(),
});

beforeAll(() => configureSharp());

it('decoding is exact unless the contract says fast', () => {
  expect(PREPROCESS.parse({ crop: 1 }).decode).toBe('exact');
  const model = { name: 'm', task: 'image-classification', preprocess: { crop: 1, decode: 'fast' } };
  expect(MODEL_CONTRACT.parse(model).preprocess.decode).toBe('fast');
  expect(() => PREPROCESS.parse({ crop: 1, decode: 'quick' })).toThrow();
});

it.each([
  'rgb.jpg',
  'rgb-progressive.jpg',
  'grey-jpeg.jpg',
  'chroma-444.jpg',
  'chroma-422.jpg',
  'restarts.jpg',
])('%s is the same through the JPEG codec and through sharp, and nearly so if fast', async (name) => {
  const pixels = await exact.decode(golden(name));
  expect(pixels).toEqual(await bySharp.decode(golden(name)));
  const quick = await fast.decode(golden(name));
  const off = quick.map((value, i) => Math.abs(value - pixels[i]!));
  expect(off.reduce((a, b) => a + b, 0) / off.length).toBeLessThan(2);
  expect(Math.max(...off)).toBeLessThan(30);
});

it('the native codec is the one in use where it is installed', async () => {
  const codec = loadTurboNative();
  const same = Buffer.compare(await fast.decode(photo), await exact.decode(photo)) === 0;
  expect(same).toBe(codec === null);
});

it('fast falls back to exact where the native codec is not installed', async () => {
  const decoder = createDecoderFactory(() => null)(contract({ decode: 'fast' }));
  expect(await decoder.decode(photo)).toEqual(await exact.decode(photo));
});

it('many images at once each get their own pixels', async () => {
  const names = ['rgb.jpg', 'chroma-420.jpg', 'rgb-png.png', 'grey-jpeg.jpg', 'palette.png', 'restarts.jpg'];
  const alone: Uint8Array[] = [];
  for (const name of names) alone.push(await exact.decode(golden(name)));
  expect(await Promise.all(names.map(async (name) => exact.decode(golden(name))))).toEqual(alone);
});

describe.each([
  ['exact', exact],
  ['fast', fast],
])('what the codec refuses, decoding %s', (_name, decoder) => {
  it.each([
    ['cut off', photo.subarray(0, 3000)],
    ['cut off in its header', photo.subarray(0, 300)],
    ['scrambled', Buffer.concat([photo.subarray(0, 700), Buffer.alloc(4000, 0xd7)])],
  ])('a file %s is decode_failed, as from sharp', async (_what, file) => {
    await expect(bySharp.decode(file)).rejects.toMatchObject({ code: 'decode_failed' });
    await expect(decoder.decode(file)).rejects.toMatchObject({ code: 'decode_failed' });
  });

  it('CMYK, and rubbish after the image, decode as through sharp', async () => {
    const trailed = Buffer.concat([photo, Buffer.from('rubbish')]);
    expect(await decoder.decode(golden('cmyk.jpg'))).toEqual(await bySharp.decode(golden('cmyk.jpg')));
    expect(await decoder.decode(trailed)).toEqual(await decoder.decode(photo));
  });

  it('too many pixels are refused by the header alone', async () => {
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

it('orientation and colour profiles are applied where asked for, by sharp', async () => {
  const upright = createDecoder(contract({ auto_orient: true }));
  const plain = await exact.decode(golden('orientation-6.jpg'));
  expect(await upright.decode(golden('orientation-6.jpg'))).not.toEqual(plain);
  expect(await upright.decode(golden('orientation-1.jpg'))).toEqual(
    await exact.decode(golden('orientation-1.jpg')),
  );
});
