// Decoding straight into the tensor gives the same bits as decoding to pixels and normalising the pixels afterwards.
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { PREPROCESS } from '#forebay/shared/tasks/image/preprocess.js';
import { createDecoderFactory } from '#forebay/workers/lane/image/decode/decoders.js';
import { configureSharp } from '#forebay/workers/lane/image/decode/sharp-decoder.js';
import { createTensorFiller } from '#forebay/workers/lane/image/normalise/tensor-filler.js';
import { LIMITS } from '../../../support/lanes.ts';

const createDecoder = createDecoderFactory(LIMITS);
beforeAll(() => configureSharp());

const sizes = [
  ['as large as the crop', 24, 24],
  ['odd, wide', 57, 41],
  ['odd, tall', 31, 97],
  ['smaller than the crop', 13, 9],
  ['narrower than the crop', 11, 40],
  ['large', 640, 481],
] as const;
const oblong = { width: 31, height: 18 };
const resizing = [
  {},
  { resize: 27, interpolation: 'bicubic' },
  { resize: 19 },
  { resize: oblong, crop: oblong },
  { resize: 'letterbox', pad: 114 },
  { resize: 'letterbox', crop: oblong, pad: [1, 2, 3], align: 'top_left' },
];
const normalising = [
  { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  { color_order: 'bgr', rescale: 1, mean: [103.939, 116.779, 123.68] },
  { channels: 1, rescale: 1, mean: [7], pad: 9 },
];

describe.each(['nchw', 'nhwc'] as const)('the %s tensor', (layout) => {
  it.each(['float32', 'float16', 'uint8'] as const)('of %s is the same at every size', async (type) => {
    for (const [, width, height] of sizes) {
      for (const image of await images(width, height)) {
        for (const over of resizing.flatMap((a) => normalising.map((b) => ({ ...a, ...b })))) {
          const preprocess = PREPROCESS.parse({ crop: 24, ...over });
          const decoder = createDecoder(preprocess);
          const filler = createTensorFiller(preprocess, type, layout);
          const expected = filler.allocate(3).fill(7);
          filler.fill(expected, 1, await decoder.decode(image));
          const tensor = filler.allocate(3).fill(7);
          // Numbers that an earlier batch could have left behind.
          tensor.fill(99, filler.rowLength, 2 * filler.rowLength);
          await decoder.decodeTo(image, (window, geometry) => filler.put(tensor, 1, window, geometry));
          expect(Buffer.compare(bytesOf(tensor), bytesOf(expected))).toBe(0);
        }
      }
    }
  });
});

it('the tensor is the same if libvips resizes instead of the kernel', async () => {
  const [jpeg] = await images(640, 481);
  const preprocess = PREPROCESS.parse({ resize: 27, crop: 24, decode: 'shrink' });
  const decoder = createDecoder(preprocess);
  const filler = createTensorFiller(preprocess, 'float32', 'nchw');
  const [expected, tensor] = [filler.allocate(1), filler.allocate(1)];
  filler.fill(expected, 0, await decoder.decode(jpeg!));
  await decoder.decodeTo(jpeg!, (window, geometry) => {
    expect(window.normalised).toBeUndefined();
    filler.put(tensor, 0, window, geometry);
  });
  expect(tensor).toEqual(expected);
});

/** Noise, as JPEG and as PNG. */
async function images(width: number, height: number): Promise<Buffer[]> {
  const noise = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 2_654_435_761) >>> 24);
  const picture = sharp(noise, { raw: { width, height, channels: 3 } });
  return Promise.all([picture.clone().jpeg().toBuffer(), picture.clone().png().toBuffer()]);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
