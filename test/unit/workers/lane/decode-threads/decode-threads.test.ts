// Decode threads fill the tensor of a batch while the thread that opened the batch computes.
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { createDecodeThreads } from '#forebay/workers/lane/decode-threads/decode-threads.js';
import type { Geometry } from '#forebay/workers/lane/image/decode/geometry.js';
import { createTensorFiller } from '#forebay/workers/lane/image/normalise/tensor-filler.js';
import { LIMITS } from '../../../../support/lanes.ts';
import { checkedConfig } from '../../../../support/onnx/models.ts';

const SIDE = 8;
const ROWS = 12;
/** More turns of 5 ms than any machine needs, so that a failing test ends. */
const TURNS = 2_000;

it('rows are prepared while the thread that wants them is blocked', async () => {
  const { preprocess } = checkedConfig({
    name: 'm',
    task: 'image-classification',
    preprocess: { crop: SIDE, rescale: 1, mean: [0], std: [1] },
  }) as unknown as { preprocess: Parameters<typeof createTensorFiller>[0] };
  const spec = { preprocess, inputType: 'uint8', layout: 'nhwc' } as const;
  const deaths: string[] = [];
  const threads = createDecodeThreads({ count: 2, limits: LIMITS, onDeath: (why) => deaths.push(why) });
  await threads.ready;
  const filler = createTensorFiller(preprocess, 'uint8', 'nhwc');
  const tensor = filler.allocate(ROWS, true);
  const geometries: Geometry[] = [];
  const background = { r: 200, g: 100, b: 50 };
  const bytes = await sharp({ create: { width: 16, height: 16, channels: 3, background } })
    .jpeg({ quality: 100 })
    .toBuffer();
  const prepare = threads.preparerOf(spec).open(tensor, geometries, null);
  const errors = Promise.all(
    Array.from({ length: ROWS }, async (_, at) =>
      prepare(at, { bytes: at === 3 ? Buffer.from('x') : bytes }),
    ),
  );
  await Promise.resolve();
  await Promise.resolve();

  // From here on, this thread neither receives nor sends anything.
  const waiting = new Int32Array(new SharedArrayBuffer(4));
  const isFilled = () => tensor.at(-1) !== 0 && tensor[0] !== 0;
  for (let turn = 0; turn < TURNS && !isFilled(); turn++) Atomics.wait(waiting, 0, 0, 5);
  expect(isFilled()).toBe(true);

  expect((await errors).map((error) => error?.code ?? 'ok')).toEqual(
    Array.from({ length: ROWS }, (_, at) => (at === 3 ? 'unsupported_format' : 'ok')),
  );
  expect(geometries.filter((one) => one !== undefined).map(({ source }) => source.width)).toEqual(
    Array(ROWS - 1).fill(16),
  );
  expect(threads.takeBytes()).toBe((ROWS - 1) * bytes.length + 1);
  expect(deaths).toEqual([]);
});
