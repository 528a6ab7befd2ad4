// Several models take one decoded image. Their tensors must be those of models that decode by themselves.
import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import { PREPROCESS } from '#forebay/shared/tasks/image/preprocess.js';
import { createDecoderFactory, type DecoderFactory } from '#forebay/workers/lane/image/decode/decoders.js';
import { createImagePreparer, type ImageSpec } from '#forebay/workers/lane/image/image-preparer.js';
import { createTensorFiller } from '#forebay/workers/lane/image/normalise/tensor-filler.js';
import { createSharedImages } from '#forebay/workers/lane/image/shared-images.js';
import type { EncodedRow } from '#forebay/workers/lane/rows/row-bytes.js';
import { LIMITS } from '../../../../support/lanes.ts';

const spec = (change: object = {}, more: Partial<ImageSpec> = {}): ImageSpec => ({
  preprocess: PREPROCESS.parse({
    resize: 12,
    crop: 9,
    mean: [0.4, 0.5, 0.6],
    std: [0.2, 0.3, 0.4],
    ...change,
  }),
  inputType: 'float32',
  layout: 'nchw',
  ...more,
});
const SPECS = [
  spec(),
  spec(),
  spec({ mean: [0], std: [1] }),
  spec({ color_order: 'bgr' }, { layout: 'nhwc' }),
  spec({}, { inputType: 'float16' }),
];

let createDecoder: DecoderFactory;
let rows: Uint8Array[];
beforeAll(async () => {
  createDecoder = createDecoderFactory(LIMITS);
  createDecoder(SPECS[0]!.preprocess);
  await createDecoder.ready();
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const images = [40, 33, 27, 40].map((width) =>
    sharp({ create: { width, height: 30, channels: 3, background: 'teal', noise } }),
  );
  rows = await Promise.all(images.map((image, i) => (i === 2 ? image.png() : image.jpeg()).toBuffer()));
});

type Step = readonly [model: number, row: number];

/** Prepares each row for each model, in this order. Counts how often a row is read. */
async function prepare(specs: readonly ImageSpec[], order: readonly Step[]) {
  let reads = 0;
  const services = {
    createDecoder,
    sharedImages: createSharedImages(),
    rowBytes: {
      use<T>(row: EncodedRow, work: (bytes: Uint8Array) => T) {
        reads += 1;
        return work((row as { bytes: Uint8Array }).bytes);
      },
    },
  };
  const inputs = rows.map((bytes) => ({ bytes }));
  const models = specs.map((one) => {
    const { preprocess, inputType, layout } = one;
    const tensor = createTensorFiller(preprocess, inputType, layout).allocate(rows.length);
    return { tensor, prepareRow: createImagePreparer(one, services).open(tensor, [], null) };
  });
  for (const [model, at] of order) expect(await models[model]!.prepareRow(at, inputs[at]!)).toBeNull();
  return { tensors: models.map(({ tensor }) => tensor), reads };
}

const MODELS = SPECS.map((_, i) => i);
const ROWS = [0, 1, 2, 3];
const ONE_ROW_AFTER_THE_OTHER = ROWS.flatMap((row) => MODELS.map((model): Step => [model, row]));
const ONE_MODEL_AFTER_THE_OTHER = MODELS.flatMap((model) => ROWS.map((row): Step => [model, row]));

it.each([
  ['as long as it is in the kernel', ONE_ROW_AFTER_THE_OTHER],
  ['after another one has taken its place', ONE_MODEL_AFTER_THE_OTHER],
])('models take an image as if each had decoded it, %s', async (_, order) => {
  const alone = await Promise.all(
    SPECS.map(async (one) =>
      prepare(
        [one],
        ROWS.map((row) => [0, row]),
      ),
    ),
  );
  const together = await prepare(SPECS, order);
  expect(together.tensors).toEqual(alone.map(({ tensors }) => tensors[0]));
  expect(together.reads).toBe(ROWS.length);
});
