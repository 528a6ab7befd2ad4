import sharp from 'sharp';
import { expect, it } from 'vitest';
import { createDecoderFactory } from '#forebay/workers/lane/image/decode/decoders.js';
import { createPictureShelf } from '#forebay/workers/lane/image/kept-pictures.js';
import type { PicturePart } from '#forebay/workers/lane/image/picture.js';
import { createCropSource } from '#forebay/workers/lane/pipeline/crop-source.js';
import { createRowBytes } from '#forebay/workers/lane/rows/row-bytes.js';
import { LIMITS } from '../../../../support/lanes.ts';
import { checkedConfig } from '../../../../support/onnx/models.ts';

it('a crop of an image that is decoded again does not keep the whole image in memory', async () => {
  const detector = checkedConfig({
    name: 'm',
    task: 'object-detection',
    head: 'map',
    map_threshold: 0.2,
    preprocess: { crop: 8 },
  });
  const services = { createDecoder: createDecoderFactory(LIMITS), rowBytes: createRowBytes(LIMITS) };
  const pixels = Uint8Array.from({ length: 40 * 30 * 3 }, (_, at) => at % 251);
  const bytes = await sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } })
    .png()
    .toBuffer();
  const cutter = createCropSource(detector, createPictureShelf(0), services).open({});
  const row = { bytes };
  for (const [left, top] of [
    [3, 5],
    [30, 20],
  ] as const) {
    const crop = (await cutter.cut(row, [left, top, 2, 1])) as { readonly madeUp: PicturePart };
    const { picture } = crop.madeUp;
    const first = (top * 40 + left) * 3;
    expect(picture).toEqual({ width: 2, height: 1, pixels: pixels.subarray(first, first + 6) });
    expect(picture.pixels.buffer.byteLength).toBe(6);
  }
});
