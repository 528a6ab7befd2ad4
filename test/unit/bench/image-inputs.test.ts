// The loop of the benchmarks prepares images as the service does.
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { PREPROCESS } from '#forebay/shared/tasks/image/preprocess.js';
import { createDecoderFactory } from '#forebay/workers/lane/image/decode/decoders.js';
import { createTensorFiller } from '#forebay/workers/lane/image/normalise/tensor-filler.js';
import { LIMITS } from '../../support/lanes.ts';

interface Program {
  decode(image: Uint8Array): { readonly row: Float32Array };
}
const path = '../../../bench/inprocess/programs/images.js';
const { imageInputs } = (await import(path)) as { imageInputs: (config: object) => Promise<Program> };

it.each(['exact', 'fast'] as const)('with decode %s', async (decode) => {
  const preprocess = PREPROCESS.parse({ resize: 12, crop: 9, mean: [0.4], std: [0.2], decode });
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const made = sharp({ create: { width: 40, height: 30, channels: 3, background: 'teal', noise } });
  const image = new Uint8Array(await made.jpeg().toBuffer());
  const filler = createTensorFiller(preprocess, 'float32', 'nchw');
  const tensor = filler.allocate(1);
  const decoder = createDecoderFactory(LIMITS)(preprocess);
  await decoder.decodeTo(image, (window, geometry) => filler.put(tensor, 0, window, geometry));
  const signature = { inputs: [{ name: 'x', shape: ['N', 3, 9, 9] }] };
  const program = await imageInputs({ model: { preprocess }, signature, decode, batch: 2 });
  expect(program.decode(image).row).toEqual(tensor);
});
