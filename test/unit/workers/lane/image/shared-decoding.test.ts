// Several models take one decoded image. Their tensors must be those of models that decode by themselves.
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { beforeAll, expect, it } from 'vitest';
import type { DecodeMode } from '#forebay/shared/tasks/image/decode-mode.js';
import { PREPROCESS } from '#forebay/shared/tasks/image/preprocess.js';
import { createDecoderFactory, type DecoderFactory } from '#forebay/workers/lane/image/decode/decoders.js';
import { createImagePreparer, type ImageSpec } from '#forebay/workers/lane/image/image-preparer.js';
import { createTensorFiller, type TensorData } from '#forebay/workers/lane/image/normalise/tensor-filler.js';
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

/** Prepares each row for each model, in this order. Counts how often a row is read. `errors`: by step. */
async function prepare(
  specs: readonly ImageSpec[],
  order: readonly Step[],
  { images = rows, mode = null }: { images?: readonly Uint8Array[]; mode?: DecodeMode | null } = {},
) {
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
  const inputs = images.map((bytes) => ({ bytes }));
  const models = specs.map((one) => {
    const { preprocess, inputType, layout } = one;
    const tensor = createTensorFiller(preprocess, inputType, layout).allocate(images.length);
    return { tensor, preparer: createImagePreparer(one, services) };
  });
  const opened = models.map(({ tensor, preparer }) => preparer.open(tensor, [], mode));
  const errors = [];
  for (const [model, at] of order) errors.push((await opened[model]!(at, inputs[at]!))?.code ?? null);
  return { tensors: models.map(({ tensor }) => tensor), reads, errors };
}

const ROWS = [0, 1, 2, 3];
const rowByRow = (models: readonly unknown[], rows: readonly unknown[]) =>
  [...rows.keys()].flatMap((row) => [...models.keys()].map((model): Step => [model, row]));
const modelByModel = (models: readonly unknown[], rows: readonly unknown[]) =>
  [...models.keys()].flatMap((model) => [...rows.keys()].map((row): Step => [model, row]));

it.each([
  ['as long as it is in the kernel', rowByRow(SPECS, ROWS)],
  ['after another one has taken its place', modelByModel(SPECS, ROWS)],
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
  expect(together).toMatchObject({ reads: ROWS.length, errors: order.map(() => null) });
});

/** By what decides about the decoded pixels. */
const GROUPS = [
  [
    spec({ interpolation: 'bicubic' }),
    spec({ resize: 20, crop: 20 }),
    spec({ resize: { width: 14, height: 18 }, crop: { width: 14, height: 18 } }, { inputType: 'float16' }),
    spec({ resize: 'letterbox', crop: 30, pad: 114, align: 'top_left', interpolation: 'lanczos' }),
    spec({ resize: undefined, crop: 60 }, { layout: 'nhwc' }),
    spec({ resize: 16, crop: 12, interpolation: 'nearest' }),
  ],
  [
    spec({ channels: 1, mean: [0.4], std: [0.2] }),
    spec({ channels: 1, mean: [0.4], std: [0.2], resize: 20 }),
  ],
  [spec({ auto_orient: true }), spec({ auto_orient: true, resize: 'letterbox', crop: 24 })],
];
const SIZES = GROUPS.flat();

/** Ordinary, progressive, tall, turned, small, PNG, and larger than some strips. */
async function manyKinds(): Promise<readonly Uint8Array[]> {
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const image = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: 'teal', noise } });
  return Promise.all([
    image(41, 30).jpeg().toBuffer(),
    image(90, 61).jpeg({ progressive: true }).toBuffer(),
    image(31, 101).jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(),
    image(63, 40).withExif({}).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    image(7, 5).jpeg().toBuffer(),
    image(50, 80).png().toBuffer(),
    image(401, 307).jpeg({ quality: 50 }).toBuffer(),
  ]);
}

it.each([
  ['one row after the other', null, rowByRow, GROUPS.length],
  ['one model after the other', null, modelByModel, GROUPS.length],
  ['with a codec that decodes whole images', 'fast', rowByRow, GROUPS.length],
  ['that is shrunk for each of them', 'shrink', rowByRow, SIZES.length],
] as const)('models of several sizes share an image, %s', async (_, mode, orderOf, decodes) => {
  const images = await manyKinds();
  const alone = [];
  for (const one of SIZES) alone.push(await prepare([one], rowByRow([one], images), { images, mode }));
  const together = await prepare(SIZES, orderOf(SIZES, images), { images, mode });
  expect(together.tensors.map(digest)).toEqual(alone.map(({ tensors }) => digest(tensors[0]!)));
  expect(together.reads).toBe(images.length * decodes);
  expect(together.errors.every((code) => code === null)).toBe(true);
});

it('damage that one model does not see costs only the others their answer', async () => {
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const whole = await sharp({ create: { width: 64, height: 600, channels: 3, background: 'teal', noise } })
    .jpeg()
    .toBuffer();
  const damaged = whole.subarray(0, whole.length / 2);
  const top = spec({ resize: undefined, crop: 20, align: 'top_left' });
  for (const specs of [
    [top, spec()],
    [spec(), top],
  ]) {
    const { errors } = await prepare(specs, rowByRow(specs, [damaged]), { images: [damaged] });
    expect(errors).toEqual(specs.map((one) => (one === top ? null : 'decode_failed')));
  }
});

/** Comparing large arrays number by number takes most of a second. */
function digest({ buffer, byteOffset, byteLength }: TensorData): string {
  return createHash('sha1')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
}
