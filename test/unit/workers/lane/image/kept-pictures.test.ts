// A detector leaves its images at their full size, for models that get parts of them.
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { PREPROCESS } from '#forebay/shared/tasks/image/preprocess.js';
import { createDecoderFactory } from '#forebay/workers/lane/image/decode/decoders.js';
import { createImagePreparer } from '#forebay/workers/lane/image/image-preparer.js';
import { createPictureShelf } from '#forebay/workers/lane/image/kept-pictures.js';
import { createRowBytes } from '#forebay/workers/lane/rows/row-bytes.js';
import { LIMITS } from '../../../../support/lanes.ts';

it('an image that a detector has resized is kept as it was decoded', async () => {
  const pixels = Uint8Array.from({ length: 40 * 30 * 3 }, (_, at) => (at * 7) % 251);
  const bytes = await sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } })
    .png()
    .toBuffer();
  const services = { createDecoder: createDecoderFactory(LIMITS), rowBytes: createRowBytes(LIMITS) };
  const pictures = createPictureShelf(pixels.length);
  const preprocess = PREPROCESS.parse({ resize: 'letterbox', crop: 16 });
  const spec = { preprocess, inputType: 'uint8', layout: 'nhwc' } as const;
  const prepare = createImagePreparer(spec, { ...services, pictures }).open(
    new Uint8Array(16 * 16 * 3),
    [],
    null,
  );
  const row = { bytes };
  expect(await prepare(0, row)).toBeNull();
  expect(pictures.of(row)).toEqual({ width: 40, height: 30, pixels });
});
